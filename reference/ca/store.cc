#include "ca/store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ca {
namespace {

using est::Bytes;
using est::BytesView;
using est::Error;
using est::Result;
using est::Status;

// "ESTC"; tells our databases from everybody else's (sqlite.org/pragma.html#pragma_application_id).
constexpr std::int64_t application_id = 0x45535443;
constexpr std::int64_t schema_version = 1;

constexpr const char* schema = R"sql(
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
CREATE TABLE authority (
  id INTEGER PRIMARY KEY, role TEXT NOT NULL CHECK (role IN ('root', 'intermediate')), current INTEGER NOT NULL,
  certificate BLOB NOT NULL, private_key BLOB NOT NULL) STRICT;
CREATE TABLE cross_certificate (id INTEGER PRIMARY KEY, certificate BLOB NOT NULL) STRICT;
CREATE TABLE certificate (
  serial BLOB PRIMARY KEY NOT NULL, issuer TEXT NOT NULL, subject TEXT NOT NULL, not_after INTEGER NOT NULL,
  issued_at INTEGER NOT NULL, revoked_at INTEGER, identity TEXT NOT NULL, label TEXT NOT NULL, der BLOB NOT NULL) STRICT;
CREATE INDEX certificate_revoked ON certificate (issuer, revoked_at) WHERE revoked_at IS NOT NULL;
CREATE TABLE pending (
  id INTEGER PRIMARY KEY AUTOINCREMENT, identity TEXT NOT NULL, label TEXT NOT NULL, subject_der BLOB NOT NULL, key BLOB NOT NULL,
  subject TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('waiting', 'approved', 'rejected', 'issued')),
  asked_at INTEGER NOT NULL, request BLOB NOT NULL, serial BLOB REFERENCES certificate (serial)) STRICT;
CREATE INDEX pending_key ON pending (key);
CREATE INDEX pending_state ON pending (state);
INSERT INTO meta VALUES ('generation', 1), ('crl-root', 0), ('crl-intermediate', 0);
PRAGMA application_id = 1163088963;
PRAGMA user_version = 1;
)sql";
// Tables of later versions of this program; an older database gets them when it is opened.
constexpr const char* later_schema = R"sql(
CREATE TABLE IF NOT EXISTS spent (token BLOB PRIMARY KEY NOT NULL, key BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS challenge (serial BLOB PRIMARY KEY NOT NULL, digest BLOB NOT NULL) STRICT;
)sql";
static_assert(application_id == 1163088963 && schema_version == 1, "the schema text repeats them");

// Only ever creates: opening and closing an existing file here would drop the locks SQLite holds on it in this process.
Status make_file(const std::string& file) {
  const int descriptor = ::open(file.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor >= 0) {
    ::close(descriptor);
    return {};
  }
  if (errno == EEXIST) return {};
  return Error{file + ": cannot be created: " + std::strerror(errno)};
}

Status require_empty(Database& database) {
  const auto tables = database.number("SELECT count(*) FROM sqlite_schema");
  if (!tables) return tables.error();
  if (*tables != 0) return Error{database.file() + ": there is a database already; choose another directory or move this one away"};
  return {};
}

Status use_wal(Database& database) {
  Statement statement = database.prepare("PRAGMA journal_mode=WAL");
  const auto row = statement.step();
  if (!row) return row.error();
  if (statement.text(0) != "wal") return Error{database.file() + ": this file system cannot hold a write-ahead log; use a local one"};
  return {};
}

Status require_ours(Database& database) {
  const auto id = database.number("PRAGMA application_id");
  if (!id) return id.error();
  if (*id != application_id) return Error{database.file() + ": is not the database of a CA; choose another directory or create a CA first"};
  const auto version = database.number("PRAGMA user_version");
  if (!version) return version.error();
  if (*version != schema_version)
    return Error{database.file() + ": has format " + std::to_string(*version) + ", this program knows " + std::to_string(schema_version) +
                 "; use the program that made it"};
  return {};
}

Status require_sound(Database& database) {
  Statement statement = database.prepare("PRAGMA quick_check(1)");
  const auto row = statement.step();
  if (!row) return row.error();
  if (statement.text(0) != "ok")
    return Error{database.file() + ": is damaged (" + statement.text(0) +
                 "); restore it from a backup, or move it away and create a new CA"};
  return {};
}

CertificateRecord record_of(const Statement& row) {
  CertificateRecord record;
  record.serial = row.blob(0);
  record.subject = row.text(1);
  record.not_after = row.integer(2);
  record.revoked_at = row.optional_integer(3);
  record.identity = row.text(4);
  record.label = row.text(5);
  record.certificate = row.blob(6);
  return record;
}

// Serial numbers are stored as magnitudes; an INTEGER's content may carry one more zero octet.
BytesView magnitude(BytesView serial) {
  while (serial.size() > 1 && serial.front() == 0) serial = serial.subspan(1);
  return serial;
}

// Reads every row; `take` turns one into a value.
template <class T, class Take>
Result<std::vector<T>> collect(Statement& statement, Take take) {
  std::vector<T> all;
  for (;;) {
    const auto row = statement.step();
    if (!row) return row.error();
    if (!*row) return all;
    all.push_back(take(statement));
  }
}

struct StoredKey {
  Bytes certificate, private_key;
};

Result<std::vector<StoredKey>> stored_keys(Database& database, std::string_view role, bool current) {
  Statement statement = database.prepare("SELECT certificate, private_key FROM authority WHERE role = ? AND current = ? ORDER BY id DESC");
  statement.bind(role).bind(std::int64_t{current ? 1 : 0});
  return collect<StoredKey>(statement, [](const Statement& row) { return StoredKey{row.blob(0), row.blob(1)}; });
}

Result<std::vector<CaKey>> ca_keys(Database& database, std::string_view role, bool current) {
  const auto stored = stored_keys(database, role, current);
  if (!stored) return stored.error();
  std::vector<CaKey> keys;
  for (const StoredKey& one : *stored) {
    const auto key = est::crypto::PrivateKey::from_pkcs8(one.private_key);
    if (!key) return Error{database.file() + ": " + key.error().message + "; restore the database from a backup"};
    auto whole = make_ca_key(one.certificate, *key);
    if (!whole) return Error{database.file() + ": " + whole.error().message + "; restore the database from a backup"};
    keys.push_back(std::move(*whole));
  }
  return keys;
}

Result<std::vector<est::codec::Certificate>> cross_certificates(Database& database) {
  Statement statement = database.prepare("SELECT certificate FROM cross_certificate ORDER BY id DESC");
  const auto stored = collect<Bytes>(statement, [](const Statement& row) { return row.blob(0); });
  if (!stored) return stored.error();
  std::vector<est::codec::Certificate> certificates;
  for (const Bytes& der : *stored) {
    auto decoded = est::codec::decode_certificate(der);
    if (!decoded.accepted()) return Error{database.file() + ": a cross certificate is damaged; restore the database from a backup"};
    certificates.push_back(std::move(*decoded.value));
  }
  return certificates;
}

}  // namespace

Result<std::unique_ptr<Store>> Store::create(const std::string& file, const Hierarchy& hierarchy) {
  if (Status made = make_file(file); !made) return made.error();
  auto database = Database::open(file);
  if (!database) return database.error();
  if (Status empty = require_empty(**database); !empty) return empty.error();
  if (Status wal = use_wal(**database); !wal) return wal.error();
  std::unique_ptr<Store> store(new Store(std::move(*database)));  // NOLINT(cppcoreguidelines-owning-memory): private constructor
  Transaction transaction(store->database());
  if (!transaction.begun()) return transaction.begun().error();
  // Again, now that nobody else can write: two creations at once must not both succeed.
  if (Status empty = require_empty(store->database()); !empty) return empty.error();
  if (Status made = store->database().execute(schema); !made) return made.error();
  if (Status made = store->database().execute(later_schema); !made) return made.error();
  if (Status added = store->add_authority("root", hierarchy.root); !added) return added.error();
  if (hierarchy.intermediate)
    if (Status added = store->add_authority("intermediate", *hierarchy.intermediate); !added) return added.error();
  if (Status done = transaction.commit(); !done) return done.error();
  return store;
}

Result<std::unique_ptr<Store>> Store::open(const std::string& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0)
    return Error{file + ": no CA can be opened here (" + std::strerror(errno) + "); create one first"};
  auto database = Database::open(file);
  if (!database) return database.error();
  if (Status ours = require_ours(**database); !ours) return ours.error();
  if (Status sound = require_sound(**database); !sound) return sound.error();
  if (Status made = (*database)->execute(later_schema); !made) return made.error();
  return std::unique_ptr<Store>(new Store(std::move(*database)));  // NOLINT(cppcoreguidelines-owning-memory): private constructor
}

Result<std::unique_ptr<Store>> Store::open_beside(const std::string& file) {
  auto database = Database::open(file);
  if (!database) return database.error();
  return std::unique_ptr<Store>(new Store(std::move(*database)));  // NOLINT(cppcoreguidelines-owning-memory): private constructor
}

Result<std::int64_t> Store::generation() { return database_->number("SELECT value FROM meta WHERE name = 'generation'"); }

// A savepoint, so that all reads see one state of the database, inside a transaction or out of it.
Result<Hierarchy> Store::load_hierarchy() {
  if (Status begun = database_->execute("SAVEPOINT load"); !begun) return begun.error();
  auto loaded = read_hierarchy();
  if (Status done = database_->execute("RELEASE load"); !done) return done.error();
  return loaded;
}

Result<Hierarchy> Store::read_hierarchy() {
  const auto number = generation();
  if (!number) return number.error();
  auto root = ca_keys(*database_, "root", true);
  if (!root) return root.error();
  auto intermediate = ca_keys(*database_, "intermediate", true);
  if (!intermediate) return intermediate.error();
  auto old_roots = ca_keys(*database_, "root", false);
  if (!old_roots) return old_roots.error();
  auto cross = cross_certificates(*database_);
  if (!cross) return cross.error();
  if (root->size() != 1 || intermediate->size() > 1)
    return Error{database_->file() + ": the CA's keys are incomplete; restore the database from a backup"};
  Hierarchy out{*number, std::move(root->front()), {}, std::move(*old_roots), std::move(*cross)};
  if (!intermediate->empty()) out.intermediate = std::move(intermediate->front());
  return out;
}

Status Store::add_authority(const std::string& role, const CaKey& key) {
  const Bytes secret = key.key.to_pkcs8();
  Statement statement = database_->prepare("INSERT INTO authority (role, current, certificate, private_key) VALUES (?, 1, ?, ?)");
  return statement.bind(role).bind(BytesView(key.certificate.der)).bind(BytesView(secret)).run();
}

Status Store::save_rollover(const Rollover& rollover) {
  if (Status done = database_->execute("UPDATE authority SET current = 0 WHERE role = 'root'"); !done) return done;
  if (Status done = add_authority("root", rollover.root); !done) return done;
  for (const Bytes& der : rollover.cross) {
    Statement statement = database_->prepare("INSERT INTO cross_certificate (certificate) VALUES (?)");
    if (Status done = statement.bind(BytesView(der)).run(); !done) return done;
  }
  if (rollover.intermediate) {
    if (Status done = database_->execute("UPDATE authority SET current = 0 WHERE role = 'intermediate'"); !done) return done;
    if (Status done = add_authority("intermediate", *rollover.intermediate); !done) return done;
  }
  return database_->execute("UPDATE meta SET value = value + 1 WHERE name = 'generation'");
}

Result<bool> Store::add_certificate(const NewCertificate& certificate) {
  const CertificateRecord& record = certificate.record;
  Statement statement = database_->prepare(
      "INSERT INTO certificate (serial, issuer, subject, not_after, issued_at, identity, label, der) SELECT ?, ?, ?, ?, ?, ?, ?, ? "
      "WHERE (SELECT value FROM meta WHERE name = 'generation') = ? ON CONFLICT (serial) DO NOTHING");
  statement.bind(magnitude(record.serial)).bind(certificate.issuer_role).bind(record.subject).bind(record.not_after);
  statement.bind(certificate.issued_at).bind(record.identity).bind(record.label).bind(BytesView(record.certificate));
  statement.bind(certificate.generation);
  if (Status done = statement.run(); !done) return done.error();
  return database_->changes() == 1;
}

Result<std::optional<CertificateRecord>> Store::find(BytesView serial) {
  Statement statement =
      database_->prepare("SELECT serial, subject, not_after, revoked_at, identity, label, der FROM certificate WHERE serial = ?");
  const auto row = statement.bind(magnitude(serial)).step();
  if (!row) return row.error();
  return *row ? std::optional(record_of(statement)) : std::nullopt;
}

Result<std::vector<CertificateRecord>> Store::certificates() {
  Statement statement =
      database_->prepare("SELECT serial, subject, not_after, revoked_at, identity, label, der FROM certificate ORDER BY rowid");
  return collect<CertificateRecord>(statement, record_of);
}

Result<bool> Store::revoke(BytesView serial, est::UnixTime at) {
  Statement statement = database_->prepare("UPDATE certificate SET revoked_at = coalesce(revoked_at, ?) WHERE serial = ?");
  if (Status done = statement.bind(at).bind(magnitude(serial)).run(); !done) return done.error();
  return database_->changes() == 1;
}

Result<std::vector<est::pki::RevokedCertificate>> Store::revoked(const std::string& issuer_role) {
  Statement statement = database_->prepare(
      "SELECT serial, revoked_at FROM certificate WHERE issuer = ? AND revoked_at IS NOT NULL ORDER BY revoked_at, serial");
  statement.bind(issuer_role);
  return collect<est::pki::RevokedCertificate>(statement, [](const Statement& row) {
    return est::pki::RevokedCertificate{row.blob(0), row.integer(1)};
  });
}

Result<std::int64_t> Store::next_crl_number(const std::string& issuer_role) {
  Statement statement = database_->prepare("UPDATE meta SET value = value + 1 WHERE name = ? RETURNING value");
  const auto row = statement.bind("crl-" + issuer_role).step();
  if (!row) return row.error();
  if (!*row) return Error{database_->file() + ": the number of the last CRL is missing; restore the database from a backup"};
  return statement.integer(0);
}

Result<bool> Store::add_spent(BytesView token, BytesView public_key_info) {
  Statement statement = database_->prepare("INSERT INTO spent (token, key) VALUES (?, ?) ON CONFLICT (token) DO NOTHING");
  if (Status done = statement.bind(token).bind(public_key_info).run(); !done) return done.error();
  return database_->changes() == 1;
}

Result<Bytes> Store::spent_by(BytesView token) {
  Statement statement = database_->prepare("SELECT key FROM spent WHERE token = ?");
  const auto row = statement.bind(token).step();
  if (!row) return row.error();
  return *row ? statement.blob(0) : Bytes{};
}

Status Store::add_challenge(BytesView serial, BytesView digest) {
  Statement statement = database_->prepare("INSERT INTO challenge (serial, digest) VALUES (?, ?) ON CONFLICT (serial) DO NOTHING");
  return statement.bind(magnitude(serial)).bind(digest).run();
}

Result<std::optional<Bytes>> Store::challenge(BytesView serial) {
  Statement statement = database_->prepare("SELECT digest FROM challenge WHERE serial = ?");
  const auto row = statement.bind(magnitude(serial)).step();
  if (!row) return row.error();
  return *row ? std::optional(statement.blob(0)) : std::nullopt;
}

Result<std::optional<PendingEntry>> Store::find_pending(const PendingKey& key) {
  Statement statement = database_->prepare(
      "SELECT id, state, request, serial FROM pending WHERE key = ? AND identity = ? AND label = ? AND subject_der = ? "
      "ORDER BY id DESC LIMIT 1");
  statement.bind(BytesView(key.public_key_info)).bind(key.identity).bind(key.label).bind(BytesView(key.subject));
  const auto row = statement.step();
  if (!row) return row.error();
  if (!*row) return std::optional<PendingEntry>();
  return std::optional(PendingEntry{statement.integer(0), statement.text(1), statement.blob(2), statement.blob(3)});
}

Result<std::int64_t> Store::waiting() { return database_->number("SELECT count(*) FROM pending WHERE state = 'waiting'"); }

Result<std::int64_t> Store::add_pending(const PendingKey& key, const std::string& subject, BytesView request, est::UnixTime at) {
  Statement statement = database_->prepare(
      "INSERT INTO pending (identity, label, subject_der, key, subject, state, asked_at, request) VALUES (?, ?, ?, ?, ?, 'waiting', ?, ?)");
  statement.bind(key.identity).bind(key.label).bind(BytesView(key.subject)).bind(BytesView(key.public_key_info));
  if (Status done = statement.bind(subject).bind(at).bind(request).run(); !done) return done.error();
  return database_->last_row();
}

Status Store::set_issued(std::int64_t id, BytesView serial) {
  Statement statement = database_->prepare("UPDATE pending SET state = 'issued', serial = ? WHERE id = ?");
  return statement.bind(magnitude(serial)).bind(id).run();
}

Status Store::decide_pending(std::int64_t id, const std::string& state) {
  Statement statement = database_->prepare("UPDATE pending SET state = ? WHERE id = ? AND state <> 'issued'");
  if (Status done = statement.bind(state).bind(id).run(); !done) return done;
  if (database_->changes() == 1) return {};
  return Error{"there is no open request with number " + std::to_string(id) + "; list the pending ones to see their numbers"};
}

Result<std::vector<PendingRecord>> Store::pending() {
  Statement statement = database_->prepare("SELECT id, subject, identity, label, state, asked_at FROM pending ORDER BY id");
  return collect<PendingRecord>(statement, [](const Statement& row) {
    return PendingRecord{row.integer(0), row.text(1), row.text(2), row.text(3), row.text(4), row.integer(5)};
  });
}

}  // namespace ca
