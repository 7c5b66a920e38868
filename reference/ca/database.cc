#include "ca/database.h"

namespace ca {
namespace {

constexpr int busy_milliseconds = 5000;

std::string cure(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "; another process holds the database, try again";
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return "; restore it from a backup, or move it away and create a new CA";
    case SQLITE_FULL:
      return "; free some disk space";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return "; check the permissions of the file and its directory";
    default:
      return "";
  }
}

est::Error failure(const std::string& file, sqlite3* database, int code) {
  const char* said = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  return est::Error{file + ": " + said + cure(code)};
}

}  // namespace

Statement::Statement(sqlite3_stmt* borrowed, sqlite3* database, std::string file)
    : statement_(borrowed), database_(database), file_(std::move(file)) {
  if (borrowed == nullptr) code_ = sqlite3_errcode(database);
}

Statement::~Statement() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

void Statement::note(int code) {
  if (code_ == SQLITE_OK) code_ = code;
}

// SQLite copies what is bound (SQLITE_TRANSIENT), so views may end before the step. An empty view may have no address,
// which SQLite would take for NULL.
Statement& Statement::bind(std::string_view text) {
  const char* from = text.empty() ? "" : text.data();
  note(sqlite3_bind_text64(statement_, ++bound_, from, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind(est::BytesView blob) {
  const void* from = blob.empty() ? static_cast<const void*>("") : blob.data();
  note(sqlite3_bind_blob64(statement_, ++bound_, from, blob.size(), SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind(std::int64_t number) {
  note(sqlite3_bind_int64(statement_, ++bound_, number));
  return *this;
}

est::Result<bool> Statement::step() {
  if (code_ != SQLITE_OK) return failure(file_, database_, code_);
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return failure(file_, database_, code);
}

est::Status Statement::run() {
  const auto stepped = step();
  return stepped ? est::Status() : est::Status(stepped.error());
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::optional<std::int64_t> Statement::optional_integer(int column) const {
  if (sqlite3_column_type(statement_, column) == SQLITE_NULL) return {};
  return integer(column);
}

std::string Statement::text(int column) const {
  const est::Bytes octets = blob(column);
  return est::to_string(est::BytesView(octets));
}

est::Bytes Statement::blob(int column) const {
  const auto* from = static_cast<const est::Byte*>(sqlite3_column_blob(statement_, column));
  const int size = sqlite3_column_bytes(statement_, column);
  return from == nullptr ? est::Bytes{} : est::Bytes(from, from + size);
}

est::Result<std::unique_ptr<Database>> Database::open(const std::string& file) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  DatabaseHandle handle(raw);
  if (code != SQLITE_OK) return failure(file, raw, code);
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, busy_milliseconds);
  std::unique_ptr<Database> database(
      new Database(std::move(handle), file));  // NOLINT(cppcoreguidelines-owning-memory): private constructor
  // trusted_schema: a hostile database file must not run functions of its own choosing.
  if (auto set = database->execute("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"); !set) return set.error();
  return database;
}

Statement Database::prepare(const char* sql) {
  StatementHandle& kept = statements_[sql];
  if (!kept) {
    sqlite3_stmt* fresh = nullptr;
    sqlite3_prepare_v3(handle_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &fresh, nullptr);
    kept.reset(fresh);
  }
  return {kept.get(), handle_.get(), file_};
}

est::Status Database::execute(const char* sql) {
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(file_, handle_.get(), code);
  return {};
}

est::Result<std::int64_t> Database::number(const char* sql) {
  Statement statement = prepare(sql);
  const auto row = statement.step();
  if (!row) return row.error();
  if (!*row) return est::Error{file_ + ": a value the CA needs is missing"};
  return statement.integer(0);
}

Transaction::Transaction(Database& database) : database_(database), begun_(database.prepare("BEGIN IMMEDIATE").run()), open_(begun_.ok()) {}

Transaction::~Transaction() {
  if (open_) static_cast<void>(database_.execute("ROLLBACK"));
}

est::Status Transaction::commit() {
  est::Status done = database_.prepare("COMMIT").run();
  if (done) open_ = false;  // a failed COMMIT leaves the transaction open, for the destructor to roll back
  return done;
}

}  // namespace ca
