// Faults of the client: what it sends, and when (RFC 7030 3.2.2, 3.2.4, 4.1.2, 4.2, 4.2.2, 4.2.3, 4.5; RFC 8951 3; RFC 9908).
#include <algorithm>
#include <filesystem>

#include "conformance/selftest/client_faults_support.h"
#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/codec/csrattrs.h"
#include "est/codec/pem.h"

namespace conformance::selftest {

namespace {

using est::http::Request;

void send_raw(Request& request) { request.body = decoded_body(request.body); }

void send_armoured(Request& request) {
  request.body = est::to_bytes(est::codec::encode_pem("CERTIFICATE REQUEST", decoded_body(request.body)));
}

void break_signature_of_request(Request& request) {
  Bytes der = decoded_body(request.body);
  if (der.empty()) return;
  der.back() = static_cast<est::Byte>(der.back() ^ 1U);
  request.body = est::to_bytes(est::codec::encode_base64(der));
}

void replace_in_target(Request& request, std::string_view from, std::string_view to) {
  const std::size_t at = request.target.find(from);
  if (at != std::string::npos) request.target.replace(at, from.size(), to);
}

void post_instead_of_get(Request& request) {
  if (request.method == "GET") request.method = "POST";
}

std::function<void(Request&)> if_posted(std::function<void(Request&)> change) {
  return [change = std::move(change)](Request& request) {
    if (request.method == "POST") change(request);
  };
}

std::vector<ClientFault> forms() {
  const std::vector<std::string> every_enrollment{"EST-CL-100/ec-p256", "EST-CL-100/ec-p384", "EST-CL-100/rsa-2048"};
  const auto plus = [&](std::vector<std::string> more) {
    more.insert(more.end(), every_enrollment.begin(), every_enrollment.end());
    return more;
  };
  const std::string no_enrollment = "no server takes such a request, so nothing that needs a certificate succeeds";
  const auto in_requests = [](std::function<void(Request&)> change) { return each_request(if_posted(std::move(change))); };
  return {
      {.id = "FAULT-CL-FORM-01",
       .sentence = "sends DER instead of base64",
       .kills = plus({"EST-CL-101", "EST-CL-250/good", "EST-CL-270"}),
       .also = any_client,
       .because = no_enrollment,
       .configure = in_requests(send_raw)},
      {.id = "FAULT-CL-FORM-02",
       .sentence = "sends PEM instead of base64",
       .kills = plus({"EST-CL-101", "EST-CL-250/good"}),
       .also = any_client,
       .because = no_enrollment,
       .configure = in_requests(send_armoured)},
      {.id = "FAULT-CL-FORM-03",
       .sentence = "sends requests whose signature does not verify",
       .kills = plus({"EST-CL-101"}),
       .also = any_client,
       .because = no_enrollment,
       .configure = in_requests(break_signature_of_request)},
      {.id = "FAULT-CL-FORM-04",
       .sentence = "calls its requests application/octet-stream",
       .kills = plus({"EST-CL-101", "EST-CL-250/good"}),
       .also = any_client,
       .because = "the type is judged in every request",
       .configure = in_requests([](Request& request) { request.fields.set("Content-Type", "application/octet-stream"); })},
      {.id = "FAULT-CL-FORM-05",
       .sentence = "gives a Full PKI Request the type of a PKCS #10 request",
       .kills = {"EST-CL-270"},
       .also = {"EST-CL-400", "EST-CL-401", "EST-CL-402", "EST-CL-403"},
       .because = "the type is judged in every Full PKI Request",
       .configure = each_request(Operation::fullcmc, [](Request& request) { request.fields.set("Content-Type", "application/pkcs10"); })},
      {.id = "FAULT-CL-FORM-06",
       .sentence = "sends requests without Content-Type",
       .kills = plus({"EST-CL-250/good", "EST-CL-270"}),
       .also = any_client,
       .because = "the type is judged in every request",
       .configure = in_requests([](Request& request) { request.fields.remove("Content-Type"); })},
      {.id = "FAULT-CL-FORM-07",
       .sentence = "asks by POST for what is asked for by GET",
       .kills = {"EST-CL-060", "EST-CL-190"},
       .also = any_client,
       .because = "no server answers that",
       .configure = each_request(post_instead_of_get)},
      {.id = "FAULT-CL-FORM-08",
       .sentence = "sends a body with GET",
       .kills = {"EST-CL-060", "EST-CL-061", "EST-CL-190"},
       .configure = each_request([](Request& request) {
         if (request.method == "GET") request.body = est::to_bytes("{}");
       })},
      {.id = "FAULT-CL-FORM-09",
       .sentence = "leaves .well-known out of the path",
       .kills = {"EST-CL-060", "EST-CL-061", "EST-CL-190"},
       .also = any_client,
       .because = "nothing is served there",
       .configure = each_request([](Request& request) { replace_in_target(request, "/.well-known/est", "/est"); })},
      {.id = "FAULT-CL-FORM-10",
       .sentence = "puts the label behind the operation",
       .kills = {"EST-CL-061"},
       .also = {"EST-CL-351"},
       .because = "a redirection leads to a label",
       .configure = each_request([](Request& request) {
         const auto route = est::ops::parse_route(request.target);
         const auto* found = std::get_if<est::ops::Route>(&route);
         if (found == nullptr || found->label.empty()) return;
         request.target = est::ops::path_of(found->operation) + "/" + found->label;
       })},
      {.id = "FAULT-CL-FORM-11",
       .sentence = "forgets the label it is told",
       .kills = {"EST-CL-061"},
       .told = [](client::Flags& flags) { flags.label.clear(); }},
      {.id = "FAULT-CL-FORM-12",
       .sentence = "renews at /simpleenroll",
       .kills = {"EST-CL-101", "EST-CL-138"},
       .also = {"EST-CL-321/*", "EST-CL-381", "EST-CL-382", "EST-CL-383"},
       .because = "every renewal goes astray",
       .configure = each_request([](Request& request) { replace_in_target(request, "simplereenroll", "simpleenroll"); })},
      {.id = "FAULT-CL-FORM-13",
       .sentence = "asks for another subject when it renews",
       .kills = {"EST-CL-101"},
       .also = {"EST-CL-383", "EST-CL-401"},
       .because = "the names of every renewal are others",
       .configure =
           [](client::Settings& settings) {
             if (!settings.request.renewed) return;
             settings.request.renewed.reset();
             settings.request.wishes.subject = *est::codec::parse_name("CN=somebody else");
           }},
      {.id = "FAULT-CL-FORM-14",
       .sentence = "writes a blank into the name of a field",
       .kills = {"EST-CL-060", "EST-CL-100/ec-p256"},
       .also = any_client,
       .because = "no strict server reads such a request",
       .configure = each_request([](Request& request) { request.fields.add("X Odd", "blank"); })},
  };
}

// --- what comes when

// Comes back a little later, without a memory of what it asked for.
int comes_back_with_another_key(ClientAct& act) {
  int code = act.once();
  constexpr int later = 2;
  for (int i = 0; i < 3 && code == later; ++i) {
    static_cast<void>(client::wait_sleeping(est::Milliseconds(2100)));
    std::error_code ignored;
    std::filesystem::remove(act.told.find("out_dir")->second + "/key.pem.pending", ignored);
    code = act.once();
  }
  return code;
}

void never_waits_in_client(client::Settings& settings) { settings.client.retry.limit = 0; }

bool is_number(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::vector<ClientFault> moments() {
  return {
      {.id = "FAULT-CL-RETRY-01",
       .sentence = "comes back at once after 202",
       .kills = {"EST-CL-109"},
       .configure = [](client::Settings& settings) { settings.client.wait = [](est::Milliseconds) { return true; }; }},
      {.id = "FAULT-CL-RETRY-02",
       .sentence = "comes back with another key after 202",
       .kills = {"EST-CL-109", "EST-CL-408"},
       .also = {"EST-CL-111", "EST-CL-222"},
       .because = "it comes back wherever it is told to come later",
       .configure = never_waits_in_client,
       .act = comes_back_with_another_key},
      {.id = "FAULT-CL-RETRY-03",
       .sentence = "does not come back after 202",
       .kills = {"EST-CL-109", "EST-CL-110", "EST-CL-222"},
       .also = {"EST-CL-408"},
       .because = "the answer comes with the second request there",
       .configure = never_waits_in_client},
      {.id = "FAULT-CL-RETRY-04",
       .sentence = "does not understand a date in Retry-After",
       .kills = {"EST-CL-110"},
       .configure = each_answer([](Response& answer) {
         const auto field = answer.fields.get("Retry-After");
         if (field && !is_number(*field)) answer.fields.remove("Retry-After");
       })},
      {.id = "FAULT-CL-ORDER-01",
       .sentence = "enrolls without fetching CA certificates",
       .kills = {"EST-CL-194"},
       .also = {"EST-CL-368"},
       .because = "anchors that were not fetched cannot replace any",
       .told =
           [](client::Flags& flags) {
             if (flags.operation == "provision") flags.operation = "enroll";
           }},
      {.id = "FAULT-CL-ORDER-02",
       .sentence = "enrolls without asking for CSR attributes",
       .kills = {"EST-CL-194", "EST-CL-196", "EST-CL-197", "EST-CL-198"},
       .also = {"EST-CL-195", "EST-CL-199"},
       .because = "what the server asks for is not known",
       .told = [](client::Flags& flags) { flags.no_attributes = true; }},
  };
}

// --- what the server lists

bool is_template(const est::codec::AttrOrOid& element) {
  const auto* attribute = std::get_if<est::codec::Attribute>(&element);
  return attribute != nullptr && attribute->type == est::codec::oids::certification_request_info_template;
}

void drop_templates(est::codec::CsrAttrs& attributes) { std::erase_if(attributes.elements, is_template); }

void drop_keys(est::codec::CsrAttrs& attributes) {
  std::erase_if(attributes.elements, [](const est::codec::AttrOrOid& element) {
    const auto* attribute = std::get_if<est::codec::Attribute>(&element);
    return attribute != nullptr && attribute->type == est::codec::oids::ec_public_key;
  });
}

void prefer_list(est::codec::CsrAttrs& attributes) {
  if (attributes.elements.size() > 1) drop_templates(attributes);
}

bool lists_templates(const Request&, const Response& answer) {
  if (!is_media_type(answer, "application/csrattrs")) return false;
  const auto attributes = est::codec::decode_csrattrs(decoded_body(answer.body));
  return attributes.value && std::any_of(attributes.value->elements.begin(), attributes.value->elements.end(), is_template);
}

std::vector<ClientFault> lists() {
  return {
      {.id = "FAULT-CL-LIST-01",
       .sentence = "does not make the key that the list asks for",
       .kills = {"EST-CL-196"},
       .configure = each_csrattrs(drop_keys)},
      {.id = "FAULT-CL-LIST-02",
       .sentence = "claims to know templates, and does not look at them",
       .kills = {"EST-CL-197", "EST-CL-198", "EST-CL-451", "EST-CL-453"},
       .configure = each_csrattrs(drop_templates)},
      {.id = "FAULT-CL-LIST-03",
       .sentence = "follows the rest of the list although there is a template",
       .kills = {"EST-CL-198"},
       .configure = each_csrattrs(prefer_list)},
      {.id = "FAULT-CL-LIST-04",
       .sentence = "gives up when the list has a template",
       .kills = {"EST-CL-197", "EST-CL-198", "EST-CL-199"},
       .configure = balks_at(lists_templates)},
  };
}

}  // namespace

std::vector<ClientFault> client_request_faults() {
  std::vector<ClientFault> all = forms();
  for (const auto& more : {moments(), lists()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace conformance::selftest
