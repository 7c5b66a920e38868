#include "conformance/steps/client_hello.h"

#include <algorithm>
#include <functional>
#include <map>

#include "est/crypto/digest.h"
#include "est/crypto/key.h"

namespace conformance::steps {
namespace {

using est::Byte;
using est::Bytes;
using Suites = std::vector<std::uint16_t>;

// IANA "TLS ExtensionType Values".
namespace extension {
constexpr std::uint16_t server_name = 0;
constexpr std::uint16_t trusted_ca_keys = 3;
constexpr std::uint16_t supported_groups = 10;
constexpr std::uint16_t ec_point_formats = 11;
constexpr std::uint16_t signature_algorithms = 13;
constexpr std::uint16_t padding = 21;
constexpr std::uint16_t extended_master_secret = 23;
constexpr std::uint16_t supported_versions = 43;
constexpr std::uint16_t psk_modes = 45;
constexpr std::uint16_t key_share = 51;
constexpr std::uint16_t renegotiation_info = 0xff01;
}  // namespace extension

constexpr std::uint16_t tls13 = 0x0304;
constexpr std::uint16_t tls12 = 0x0303;
constexpr std::uint16_t ssl30 = 0x0300;
constexpr std::uint16_t group_p256 = 23;
constexpr std::uint16_t group_x25519 = 29;
constexpr std::uint16_t grease = 0x2a2a;      // RFC 8701 2
constexpr std::uint16_t unassigned = 0xcafe;  // an extension nobody has registered

// Both key types, forward secrecy and static RSA, AES-GCM and AES-CBC.
const Suites& good_suites() {
  static const Suites suites{0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc009, 0xc013, 0x009e, 0x009c, 0x002f};
  return suites;
}
const Suites& suites_of_13() {
  static const Suites suites{0x1301, 0x1302, 0x1303};
  return suites;
}

void put16(Bytes& out, std::size_t value) {
  out.push_back(static_cast<Byte>(value >> 8U));
  out.push_back(static_cast<Byte>(value));
}

// A vector with a length of so many octets before it.
Bytes vector_of(std::size_t width, est::BytesView content) {
  Bytes out;
  for (std::size_t i = width; i > 0; --i) out.push_back(static_cast<Byte>(content.size() >> (8 * (i - 1))));
  est::append(out, content);
  return out;
}

Bytes list16(const Suites& values) {
  Bytes out;
  for (const std::uint16_t value : values) put16(out, value);
  return out;
}

Bytes sni_of(const std::string& name) {
  Bytes entry{0};
  est::append(entry, vector_of(2, est::as_bytes(name)));
  return vector_of(2, entry);
}

Suites signature_schemes() { return {0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601, 0x0807}; }

ClientHello base(const Suites& suites) {
  ClientHello hello;
  hello.suites = suites;
  hello.session_id = est::crypto::random_bytes(32);
  return hello;
}

HelloExtension groups(const Suites& which) { return {extension::supported_groups, vector_of(2, list16(which))}; }
HelloExtension signatures(const Suites& which) { return {extension::signature_algorithms, vector_of(2, list16(which))}; }

ClientHello tls12_hello(const Suites& suites = good_suites()) {
  ClientHello hello = base(suites);
  hello.extensions = {{extension::extended_master_secret, {}},
                      {extension::renegotiation_info, {0}},
                      groups({group_x25519, group_p256, 24, 25}),
                      {extension::ec_point_formats, {1, 0}},
                      signatures(signature_schemes())};
  return hello;
}

// Any 32 octets are a public key of X25519 (RFC 7748 5).
HelloExtension key_share() {
  Bytes entry;
  put16(entry, group_x25519);
  est::append(entry, vector_of(2, est::crypto::random_bytes(32)));
  return {extension::key_share, vector_of(2, entry)};
}

ClientHello tls13_hello(const Suites& versions = {tls13}) {
  Suites suites = suites_of_13();
  const bool also12 = std::find(versions.begin(), versions.end(), tls12) != versions.end();
  if (also12) suites.insert(suites.end(), good_suites().begin(), good_suites().end());
  ClientHello hello = tls12_hello(suites);
  hello.extensions.push_back({extension::supported_versions, vector_of(1, list16(versions))});
  hello.extensions.push_back({extension::psk_modes, {1, 1}});
  hello.extensions.push_back(key_share());
  return hello;
}

HelloExtension* find(ClientHello& hello, std::uint16_t type) {
  const auto found =
      std::find_if(hello.extensions.begin(), hello.extensions.end(), [&](const HelloExtension& each) { return each.type == type; });
  return found == hello.extensions.end() ? nullptr : &*found;
}

ClientHello changed(ClientHello hello, const std::function<void(ClientHello&)>& change) {
  change(hello);
  return hello;
}

// RFC 8701: reserved values wherever a client may list what it knows.
ClientHello greased() {
  return changed(tls13_hello({grease, tls13, tls12}), [](ClientHello& hello) {
    hello.suites.insert(hello.suites.begin(), grease);
    find(hello, extension::supported_groups)->data = vector_of(2, list16({grease, group_x25519, group_p256}));
    Suites schemes = signature_schemes();
    schemes.insert(schemes.begin(), grease);
    find(hello, extension::signature_algorithms)->data = vector_of(2, list16(schemes));
    hello.extensions.insert(hello.extensions.begin(), {grease, {}});
    hello.extensions.push_back({0x3a3a, {0}});
  });
}

ClientHello many_groups() {
  Suites all;
  for (std::uint16_t code = 0xe0; code < 0x15c; ++code) all.push_back(static_cast<std::uint16_t>(0x4000 + code));
  all.push_back(group_x25519);
  all.push_back(group_p256);
  return changed(tls12_hello(), [&](ClientHello& hello) { *find(hello, extension::supported_groups) = groups(all); });
}

ClientHello many_suites() {
  Suites all;
  for (std::uint16_t code = 0; code < 300; ++code) all.push_back(static_cast<std::uint16_t>(0x4000 + code));
  all.insert(all.end(), good_suites().begin(), good_suites().end());
  return tls12_hello(all);
}

ClientHello with(ClientHello hello, HelloExtension added) {
  hello.extensions.push_back(std::move(added));
  return hello;
}

ClientHello without(ClientHello hello, std::uint16_t type) {
  std::erase_if(hello.extensions, [&](const HelloExtension& each) { return each.type == type; });
  return hello;
}

struct Kind {
  HelloKind kind;
  std::function<ClientHello()> make;
};

std::vector<Kind> offers() {
  return {
      {{"tls-1.2", "a good offer of TLS 1.2"}, [] { return tls12_hello(); }},
      {{"tls-1.3", "a good offer of TLS 1.3"}, [] { return tls13_hello(); }},
      {{"both", "a good offer of TLS 1.3 and 1.2"},
       [] {
         return tls13_hello({tls13, tls12});
       }},
      {{"null", "only suites without encryption"},
       [] {
         return tls12_hello({0x0001, 0x0002, 0x003b, 0xc006, 0xc010, 0xc001, 0xc00b});
       }},
      {{"anonymous", "only suites without authentication"},
       [] {
         return tls12_hello({0x0018, 0x001b, 0x0034, 0x003a, 0x006c, 0x006d, 0x00a6, 0x00a7, 0xc015, 0xc016, 0xc017, 0xc018, 0xc019});
       }},
      {{"export", "only suites with _EXPORT_ in their names"},
       [] {
         return tls12_hello({0x0003, 0x0006, 0x0008, 0x000b, 0x000e, 0x0011, 0x0014, 0x0017, 0x0019, 0x0062, 0x0064});
       }},
      {{"des", "only suites with single DES"},
       [] {
         return tls12_hello({0x0009, 0x000c, 0x000f, 0x0012, 0x0015, 0x001a});
       }},
      {{"3des", "only suites with 3DES"},
       [] {
         return tls12_hello({0x000a, 0x0010, 0x0013, 0x0016, 0xc003, 0xc008, 0xc00d, 0xc012});
       }},
      {{"rc4", "only suites with RC4"},
       [] {
         return tls12_hello({0x0004, 0x0005, 0xc002, 0xc007, 0xc00c, 0xc011});
       }},
      {{"static-rsa", "only suites with RSA key transport, TLS 1.2's mandatory one among them"},
       [] {
         return tls12_hello({0x002f, 0x0035, 0x003c, 0x009c});
       }},
      {{"ssl-3", "SSL 3.0, which knows no extensions"},
       [] {
         return changed(base({0x0035, 0x002f, 0x000a, 0x0005, 0x0004}), [](ClientHello& hello) {
           hello.record_version = ssl30;
           hello.version = ssl30;
           hello.session_id.clear();
           hello.has_extensions = false;
         });
       }},
  };
}

std::vector<Kind> oddities() {
  return {
      {{"grease", "reserved values among suites, groups, signatures, versions and extensions (RFC 8701)"}, greased},
      {{"unknown-extension", "an extension nobody has registered, of 300 octets"},
       [] {
         return with(tls12_hello(), {unassigned, Bytes(300, Byte{0x5a})});
       }},
      {{"many-groups", "124 unknown groups before the known ones"}, many_groups},
      {{"many-suites", "300 unknown suites before the known ones"}, many_suites},
      {{"future-version", "a version of the future among supported_versions"},
       [] {
         return tls13_hello({0x0305, tls13, tls12});
       }},
      {{"future-legacy-version", "no supported_versions, and a legacy_version of the future"},
       [] { return changed(tls12_hello(), [](ClientHello& hello) { hello.version = 0x03ff; }); }},
      {{"large", "padded to 12,000 octets"},
       [] {
         return with(tls12_hello(), {extension::padding, Bytes(11700, Byte{0})});
       }},
      {{"compression", "DEFLATE offered beside no compression"},
       [] { return changed(tls12_hello(), [](ClientHello& hello) {
              hello.compressions = {1, 0};
            }); }},
      {{"signalling-suite", "TLS_EMPTY_RENEGOTIATION_INFO_SCSV instead of renegotiation_info (RFC 5746 3.3)"},
       [] {
         return changed(without(tls12_hello(), extension::renegotiation_info), [](ClientHello& hello) { hello.suites.push_back(0x00ff); });
       }},
      {{"no-key-share", "TLS 1.3 with an empty key_share"},
       [] { return changed(tls13_hello(), [](ClientHello& hello) {
              find(hello, extension::key_share)->data = {0, 0};
            }); }},
      {{"no-renegotiation-info", "neither renegotiation_info nor the signalling suite"},
       [] { return without(tls12_hello(), extension::renegotiation_info); }},
      {{"rsa-signatures", "RSA signatures only"},
       [] {
         return changed(tls12_hello(), [](ClientHello& hello) {
           *find(hello, extension::signature_algorithms) = signatures({0x0804, 0x0401});
         });
       }},
      {{"ecdsa-signatures", "ECDSA signatures only"},
       [] {
         return changed(tls12_hello(), [](ClientHello& hello) {
           *find(hello, extension::signature_algorithms) = signatures({0x0403, 0x0503});
         });
       }},
      {{"old-signatures", "signatures with SHA-1 and MD5 only"},
       [] {
         return changed(tls12_hello(), [](ClientHello& hello) {
           *find(hello, extension::signature_algorithms) = signatures({0x0201, 0x0203, 0x0101});
         });
       }},
      {{"weak-groups", "curves of less than 224 bits only, and suites that need one"},
       [] {
         return changed(tls12_hello({0xc02b, 0xc02f, 0xc009, 0xc013}), [](ClientHello& hello) {
           *find(hello, extension::supported_groups) = groups({1, 2, 3, 15, 16, 17, 18, 19});
         });
       }},
      {{"trusted-ca-keys", "trusted_ca_keys with an anchor nobody has (RFC 6066 6)"},
       [] {
         return with(tls12_hello(), {extension::trusted_ca_keys, vector_of(2, [] {
                                       Bytes one{1};
                                       est::append(one, est::crypto::random_bytes(20));
                                       return one;
                                     }())});
       }},
      {{"literal-name", "an IP address as server_name, which RFC 6066 3 does not permit"},
       [] {
         return with(tls12_hello(), {extension::server_name, sni_of("192.0.2.1")});
       }},
      {{"no-name", "no server_name"}, [] { return tls12_hello(); }},
  };
}

std::vector<Kind> defects() {
  return {
      {{"no-null-compression", "DEFLATE offered alone"},
       [] { return changed(tls12_hello(), [](ClientHello& hello) { hello.compressions = {1}; }); }},
      {{"duplicate-extension", "extended_master_secret twice"},
       [] {
         return with(tls12_hello(), {extension::extended_master_secret, {}});
       }},
      {{"filled-renegotiation-info", "renegotiation_info with verify data, though nothing is renegotiated (RFC 5746 3.6)"},
       [] {
         return changed(tls12_hello(), [](ClientHello& hello) {
           find(hello, extension::renegotiation_info)->data = vector_of(1, est::crypto::random_bytes(12));
         });
       }},
      {{"extension-too-long", "an extension whose length goes beyond the message"},
       [] { return changed(tls12_hello(), [](ClientHello& hello) {
              hello.extensions.back().data = {0x7f, 0xff, 4, 3};
            }); }},
      {{"no-suites", "an empty list of suites"}, [] { return tls12_hello({}); }},
      {{"long-session-id", "a session identifier of 33 octets"},
       [] { return changed(tls12_hello(), [](ClientHello& hello) { hello.session_id = est::crypto::random_bytes(33); }); }},
  };
}

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = [] {
    std::vector<Kind> list = offers();
    for (auto& each : oddities()) list.push_back(std::move(each));
    for (auto& each : defects()) list.push_back(std::move(each));
    return list;
  }();
  return all;
}

Bytes encode(const ClientHello& hello) {
  Bytes body;
  put16(body, hello.version);
  est::append(body, est::crypto::random_bytes(32));
  est::append(body, vector_of(1, hello.session_id));
  est::append(body, vector_of(2, list16(hello.suites)));
  est::append(body, vector_of(1, hello.compressions));
  if (hello.has_extensions) {
    Bytes list;
    for (const HelloExtension& each : hello.extensions) {
      put16(list, each.type);
      est::append(list, vector_of(2, each.data));
    }
    est::append(body, vector_of(2, list));
  }
  Bytes message{1};  // client_hello
  est::append(message, vector_of(3, body));
  return message;
}

// SSL 2.0: a length with the high bit set, then the message (RFC 5246 E.2), offering version 2 and its own suites.
Bytes ssl2_hello() {
  Bytes message{1, 0x00, 0x02, 0x00, 0x09, 0x00, 0x00, 0x00, 0x10};
  est::append(message, Bytes{0x01, 0x00, 0x80, 0x03, 0x00, 0x80, 0x07, 0x00, 0xc0});
  est::append(message, est::crypto::random_bytes(16));
  Bytes whole;
  put16(whole, 0x8000U | message.size());
  est::append(whole, message);
  return whole;
}

constexpr std::string_view ssl2 = "ssl-2";
constexpr std::size_t most_in_record = 16384;

void put_record(Bytes& out, std::uint16_t version, est::BytesView fragment) {
  constexpr Byte handshake = 22;
  out.push_back(handshake);
  put16(out, version);
  put16(out, fragment.size());
  est::append(out, fragment);
}

}  // namespace

const std::vector<HelloKind>& hello_kinds() {
  static const std::vector<HelloKind> all = [] {
    std::vector<HelloKind> list;
    for (const Kind& each : kinds()) list.push_back(each.kind);
    list.push_back({std::string(ssl2), "an SSL 2.0 hello"});
    return list;
  }();
  return all;
}

est::Bytes hello_message(std::string_view kind, const std::string& server_name) {
  if (kind == ssl2) return ssl2_hello();
  const auto found = std::find_if(kinds().begin(), kinds().end(), [&](const Kind& each) { return each.kind.name == kind; });
  if (found == kinds().end()) return {};
  ClientHello hello = found->make();
  const bool own_name = kind == "literal-name" || kind == "no-name" || !hello.has_extensions;
  if (!server_name.empty() && !own_name) hello.extensions.insert(hello.extensions.begin(), {extension::server_name, sni_of(server_name)});
  return encode(hello);
}

const std::vector<std::string>& record_forms() {
  static const std::vector<std::string> forms{"whole", "two", "single-octets", "empty-first", "too-large", "first-half"};
  return forms;
}

est::Bytes hello_records(std::string_view kind, std::string_view form, est::BytesView message) {
  if (kind == ssl2) return est::to_bytes(message);
  const std::uint16_t version = kind == "ssl-3" ? ssl30 : 0x0301;
  Bytes padded;
  if (form == "too-large") {
    // As many octets as no record may hold (RFC 8446 5.1); what they say does not matter.
    padded = Bytes(most_in_record + 257, Byte{1});
    message = padded;
  }
  std::size_t piece = most_in_record + 257;
  if (form == "two") piece = message.size() / 2 + 1;
  if (form == "single-octets") piece = 1;
  if (form == "first-half") message = message.first(message.size() / 2);
  Bytes out;
  if (form == "empty-first") put_record(out, version, {});
  for (std::size_t at = 0; at < message.size(); at += piece)
    put_record(out, version, message.subspan(at, std::min(piece, message.size() - at)));
  return out;
}

}  // namespace conformance::steps
