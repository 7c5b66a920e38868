#include "est/tls/names.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>
#include <string>
#include <unordered_map>

#include "est/base/text.h"
#include "est/crypto/chain.h"
#include "est/crypto/digest.h"

namespace est::tls {
namespace {

struct FreeChain {
  void operator()(STACK_OF(X509) * chain) const { sk_X509_pop_free(chain, X509_free); }
};

struct Entry {
  crypto::X509Handle leaf;
  crypto::PrivateKey key;
  std::unique_ptr<STACK_OF(X509), FreeChain> chain;
};
struct Table {
  std::vector<Entry> entries;
  // Where a DNS name stands, in small letters, "*.example.com" as it is written: whose certificate might do.
  std::unordered_map<std::string, std::vector<std::size_t>> places;
};

struct FreeNames {
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};

Result<Entry> make_entry(const Identity& identity) {
  if (identity.chain.empty() || !identity.key) return Error{"a TLS identity needs a certificate and its key"};
  Result<crypto::X509Handle> leaf = crypto::parse_certificate(identity.chain.front());
  if (!leaf) return leaf.error();
  if (X509_check_private_key(leaf->get(), identity.key->handle()) != 1)
    return crypto::openssl_error("the TLS key does not fit its certificate");
  Entry entry{std::move(*leaf), *identity.key, std::unique_ptr<STACK_OF(X509), FreeChain>(sk_X509_new_null())};
  for (std::size_t i = 1; i < identity.chain.size(); ++i) {
    Result<crypto::X509Handle> next = crypto::parse_certificate(identity.chain[i]);
    if (!next) return next.error();
    if (sk_X509_push(entry.chain.get(), next->get()) == 0) return crypto::openssl_error("the TLS certificate chain cannot be used");
    static_cast<void>(next->release());
  }
  return entry;
}

void enter(Table& table, Entry entry) {
  const std::unique_ptr<GENERAL_NAMES, FreeNames> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(entry.leaf.get(), NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {  // -1 of nothing
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS) continue;
    const ASN1_IA5STRING* text = name->d.dNSName;
    const BytesView octets(ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text)));
    table.places[ascii_lower(as_text(octets))].push_back(table.entries.size());
  }
  table.entries.push_back(std::move(entry));
}

// --- The table lives as long as the context, which connections keep alive beyond its owner.

void free_table(void* /*parent*/, void* pointer, CRYPTO_EX_DATA* /*data*/, int /*index*/, long /*argl*/, void* /*argp*/) {
  const std::unique_ptr<Table> last(static_cast<Table*>(pointer));
}

int table_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_table);
  return index;
}

// As it is, and with a wildcard for its first label; the earlier certificate first.
std::vector<std::size_t> places_of(const Table& table, std::string_view name) {
  const std::string plain = ascii_lower(name);
  std::vector<std::size_t> all;
  for (const std::string& wanted : {plain, "*" + plain.substr(std::min(plain.find('.'), plain.size()))}) {
    const auto found = table.places.find(wanted);
    if (found != table.places.end()) all.insert(all.end(), found->second.begin(), found->second.end());
  }
  std::sort(all.begin(), all.end());
  return all;
}

// X509_check_host() has the last word. It compares without regard to case. A final dot is no part of a name here (RFC 6066 3), so such a
// name is unknown.
const Entry* find(SSL* ssl, std::string_view name) {
  const auto* table = static_cast<const Table*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), table_index()));
  if (table == nullptr || name.empty()) return nullptr;
  constexpr unsigned flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
  for (const std::size_t place : places_of(*table, name)) {
    const Entry& entry = table->entries[place];
    if (X509_check_host(entry.leaf.get(), name.data(), name.size(), flags, nullptr) == 1) return &entry;
  }
  return nullptr;
}

// struct { NameType (0); opaque HostName<1..2^16-1> } ServerName; ServerName ServerNameList<1..2^16-1>. What is malformed gives no name
// here, and OpenSSL's own reading of it refuses the handshake.
std::string offered_name(SSL* ssl) {
  constexpr std::size_t head = 5;
  const unsigned char* octets = nullptr;
  std::size_t length = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &octets, &length) != 1 || length <= head) return {};
  const BytesView extension(octets, length);
  const std::size_t name_length = (std::size_t{extension[3]} << 8U) | extension[4];
  if (extension[2] != TLSEXT_NAMETYPE_host_name || name_length > length - head) return {};
  return est::to_string(extension.subspan(head, name_length));
}

// RFC 6066 3: a session must not be resumed under another name. OpenSSL looks for sessions within this context only.
bool separate_sessions(SSL* ssl, const std::string& name) {
  const Bytes context = crypto::digest(crypto::Digest::sha256, as_bytes("estspec " + ascii_lower(name)));
  return SSL_set_session_id_context(ssl, context.data(), static_cast<unsigned>(context.size())) == 1;
}

// Early, because the search for a session comes next.
int on_client_hello(SSL* ssl, int* alert, void* /*argument*/) {
  const std::string name = offered_name(ssl);
  const Entry* entry = find(ssl, name);
  const bool done = separate_sessions(ssl, name) &&
                    (entry == nullptr || SSL_use_cert_and_key(ssl, entry->leaf.get(), entry->key.handle(), entry->chain.get(), 1) == 1);
  if (done) return SSL_CLIENT_HELLO_SUCCESS;
  *alert = SSL_AD_INTERNAL_ERROR;
  return SSL_CLIENT_HELLO_ERROR;
}

// The acknowledgement in the ServerHello.
int on_server_name(SSL* ssl, int* /*alert*/, void* /*argument*/) {
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  return name != nullptr && find(ssl, name) != nullptr ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

}  // namespace

Status set_names(SSL_CTX& context, const std::vector<Identity>& identities) {
  if (identities.empty()) return {};
  auto table = std::make_unique<Table>();
  for (const Identity& identity : identities) {
    Result<Entry> entry = make_entry(identity);
    if (!entry) return entry.error();
    enter(*table, std::move(*entry));
  }
  if (SSL_CTX_set_ex_data(&context, table_index(), table.get()) != 1) return crypto::openssl_error("cannot set up the TLS names");
  static_cast<void>(table.release());
  SSL_CTX_set_client_hello_cb(&context, on_client_hello, nullptr);
  SSL_CTX_set_tlsext_servername_callback(&context, on_server_name);
  return {};
}

}  // namespace est::tls
