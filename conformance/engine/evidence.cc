#include "conformance/engine/evidence.h"

#include <algorithm>
#include <array>

#include "conformance/engine/json.h"

namespace conformance::engine {

namespace {

constexpr std::array<std::string_view, 4> phase_names{"control", "step", "liveness", "peer"};
constexpr std::size_t most_entries = 10000;  // of any list

Json json_of(const Event& event) {
  return Json{{"at_us", event.at_us}, {"layer", to_utf8(event.layer)}, {"what", to_utf8(event.what)}, {"detail", to_utf8(event.detail)}};
}

Json json_of(const WireFailure& failure) {
  return Json{{"stage", to_utf8(failure.stage)},
              {"cause", to_utf8(failure.cause)},
              {"message", to_utf8(failure.message)},
              {"alert", to_utf8(failure.alert)}};
}

Json json_of(const TlsRecord& tls) {
  Json chain = Json::array();
  for (const auto& certificate : tls.peer_chain) chain.push_back(to_base64(certificate));
  return Json{{"version", to_utf8(tls.version)},
              {"suite", to_utf8(tls.suite)},
              {"resumed", tls.resumed},
              {"secure_renegotiation", tls.secure_renegotiation},
              {"alpn", to_utf8(tls.alpn)},
              {"verified", tls.verified},
              {"verify_error", to_utf8(tls.verify_error)},
              {"peer_chain", std::move(chain)},
              {"tls_unique", to_base64(tls.tls_unique)},
              {"tls_exporter", to_base64(tls.tls_exporter)}};
}

Json json_of(const Exchange& exchange) {
  Json events = Json::array();
  for (const auto& event : exchange.events) events.push_back(json_of(event));
  Json artefacts = Json::object();
  for (const auto& [name, octets] : exchange.artefacts) artefacts[to_utf8(name)] = to_base64(octets);
  Json facts = Json::object();
  for (const auto& [name, text] : exchange.facts) facts[to_utf8(name)] = to_utf8(text);
  Json json{{"name", to_utf8(exchange.name)},
            {"phase", to_string(exchange.phase)},
            {"verb", to_utf8(exchange.verb)},
            {"parameters", exchange.parameters},
            {"connection", exchange.connection},
            {"new_connection", exchange.new_connection},
            {"events", std::move(events)},
            {"method", to_utf8(exchange.method)},
            {"target", to_utf8(exchange.target)},
            {"request", to_base64(exchange.request)},
            {"response", to_base64(exchange.response)},
            {"peer_close", to_utf8(exchange.peer_close)},
            {"duration_us", exchange.duration_us},
            {"incomplete", exchange.incomplete},
            {"artefacts", std::move(artefacts)},
            {"facts", std::move(facts)}};
  if (exchange.failure) json["failure"] = json_of(*exchange.failure);
  if (exchange.tls) json["tls"] = json_of(*exchange.tls);
  return json;
}

// Hands each entry of a list to `read`, which returns the first problem or nothing.
template <class Read>
void each(JsonReader& reader, const char* key, Read read) {
  const Json* list = reader.list(key);
  if (list == nullptr) return;
  if (list->size() > most_entries) return reader.complain(key, "has more than " + std::to_string(most_entries) + " entries");
  for (std::size_t i = 0; i < list->size() && reader.problem().empty(); ++i) {
    const std::string problem = read(list->at(i));
    if (!problem.empty()) reader.complain(key, "[" + std::to_string(i) + "]: " + problem);
  }
}

std::string read(const Json& json, Event& event) {
  JsonReader reader(json, "event");
  event.at_us = reader.integer("at_us", INT64_MIN);
  event.layer = reader.text("layer");
  event.what = reader.text("what");
  event.detail = reader.text("detail");
  return reader.problem();
}

std::string read(const Json& json, WireFailure& failure) {
  JsonReader reader(json, "failure");
  failure.stage = reader.text("stage");
  failure.cause = reader.text("cause");
  failure.message = reader.text("message");
  failure.alert = reader.text("alert");
  return reader.problem();
}

std::string read(const Json& json, TlsRecord& tls) {
  JsonReader reader(json, "tls");
  tls.version = reader.text("version");
  tls.suite = reader.text("suite");
  tls.resumed = reader.boolean("resumed");
  tls.secure_renegotiation = reader.boolean("secure_renegotiation");
  tls.alpn = reader.text("alpn");
  tls.verified = reader.boolean("verified");
  tls.verify_error = reader.text("verify_error");
  for (const auto& text : reader.texts("peer_chain")) {
    auto octets = from_base64(text);
    if (!octets) return "tls.peer_chain is not base64";
    tls.peer_chain.push_back(*std::move(octets));
  }
  tls.tls_unique = reader.octets("tls_unique");
  tls.tls_exporter = reader.octets("tls_exporter");
  return reader.problem();
}

template <class T>
void optional_part(JsonReader& reader, const char* key, std::optional<T>& into) {
  const Json* json = reader.object(key);
  if (json == nullptr) return;
  const std::string problem = read(*json, into.emplace());
  if (!problem.empty()) reader.complain(key, ": " + problem);
}

void read_named(JsonReader& reader, Exchange& exchange) {
  if (const Json* artefacts = reader.object("artefacts")) {
    JsonReader inner(*artefacts, "artefacts");
    for (const auto& [name, value] : artefacts->items()) exchange.artefacts[name] = inner.octets(name.c_str());
    if (!inner.problem().empty()) reader.complain("artefacts", ": " + inner.problem());
  }
  if (const Json* facts = reader.object("facts")) {
    JsonReader inner(*facts, "facts");
    for (const auto& [name, value] : facts->items()) exchange.facts[name] = inner.text(name.c_str());
    if (!inner.problem().empty()) reader.complain("facts", ": " + inner.problem());
  }
}

std::string read(const Json& json, Exchange& exchange) {
  JsonReader reader(json, "exchange");
  exchange.name = reader.text("name");
  const auto* phase = std::find(phase_names.begin(), phase_names.end(), reader.text("phase"));
  if (phase == phase_names.end()) reader.complain("phase", "is none of control, step, liveness, peer");
  exchange.phase = phase == phase_names.end() ? Phase::step : static_cast<Phase>(phase - phase_names.begin());
  exchange.verb = reader.text("verb");
  if (const Json* parameters = reader.object("parameters")) exchange.parameters = *parameters;
  exchange.connection = static_cast<int>(reader.integer("connection", 0, 1000000));
  exchange.new_connection = reader.boolean("new_connection");
  each(reader, "events", [&](const Json& event) { return read(event, exchange.events.emplace_back()); });
  optional_part(reader, "failure", exchange.failure);
  optional_part(reader, "tls", exchange.tls);
  exchange.method = reader.text("method");
  exchange.target = reader.text("target");
  exchange.request = reader.octets("request");
  exchange.response = reader.octets("response");
  exchange.peer_close = reader.text("peer_close");
  exchange.duration_us = reader.integer("duration_us");
  exchange.incomplete = reader.boolean("incomplete");
  read_named(reader, exchange);
  return reader.problem();
}

std::string read(const Json& json, WitnessRecord& witness) {
  JsonReader reader(json, "witness");
  witness.beside = reader.text("beside");
  witness.outlived = reader.boolean("outlived");
  return reader.problem();
}

}  // namespace

std::string_view to_string(Phase phase) noexcept { return phase_names.at(static_cast<std::size_t>(phase)); }

const Exchange* Evidence::find(std::string_view name) const {
  const auto found = std::find_if(exchanges.begin(), exchanges.end(), [&](const Exchange& exchange) { return exchange.name == name; });
  return found == exchanges.end() ? nullptr : &*found;
}

const Exchange* Evidence::last(Phase phase) const {
  const auto found = std::find_if(exchanges.rbegin(), exchanges.rend(), [&](const Exchange& exchange) { return exchange.phase == phase; });
  return found == exchanges.rend() ? nullptr : &*found;
}

Json to_json(const Evidence& evidence) {
  Json exchanges = Json::array();
  for (const auto& exchange : evidence.exchanges) exchanges.push_back(json_of(exchange));
  Json witnesses = Json::array();
  for (const auto& witness : evidence.witnesses) witnesses.push_back({{"beside", to_utf8(witness.beside)}, {"outlived", witness.outlived}});
  return Json{{"format", 1},
              {"scenario", to_utf8(evidence.scenario)},
              {"started", evidence.started},
              {"duration_us", evidence.duration_us},
              {"exchanges", std::move(exchanges)},
              {"witnesses", std::move(witnesses)},
              {"cannot", to_utf8(evidence.cannot)},
              {"fault", to_utf8(evidence.fault)},
              {"unclaimed", to_utf8(evidence.unclaimed)}};
}

est::Result<Evidence> evidence_from_json(const Json& json) {
  JsonReader reader(json, "evidence");
  Evidence evidence;
  if (reader.integer("format") != 1) reader.complain("format", "is not 1, the only one this version reads");
  evidence.scenario = reader.text("scenario");
  evidence.started = reader.integer("started", INT64_MIN);
  evidence.duration_us = reader.integer("duration_us");
  each(reader, "exchanges", [&](const Json& exchange) { return read(exchange, evidence.exchanges.emplace_back()); });
  each(reader, "witnesses", [&](const Json& witness) { return read(witness, evidence.witnesses.emplace_back()); });
  evidence.cannot = reader.text("cannot");
  evidence.fault = reader.text("fault");
  evidence.unclaimed = reader.text("unclaimed");
  if (!reader.problem().empty()) return est::Error{reader.problem()};
  return evidence;
}

}  // namespace conformance::engine
