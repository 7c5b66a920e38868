// SQLite behind owners: one connection, cached prepared statements, transactions that roll back unless committed.
// Threads: none of these may be used by two threads at once; Authority's mutex sees to that.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "est/base/bytes.h"
#include "est/base/result.h"

namespace ca {

struct CloseDatabase {
  void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using DatabaseHandle = std::unique_ptr<sqlite3, CloseDatabase>;
using StatementHandle = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

// One use of a prepared statement: bind the parameters in order, then run() or step() through the rows. Errors of preparing and
// binding are kept and come out of the first step. Columns are numbered from 0. Resets the statement at its end of life.
class Statement {
 public:
  Statement(sqlite3_stmt* borrowed, sqlite3* database, std::string file);
  ~Statement();
  Statement(Statement&&) = delete;  // made in place by Database::prepare

  Statement& bind(std::string_view text);
  Statement& bind(est::BytesView blob);
  Statement& bind(std::int64_t number);

  [[nodiscard]] est::Result<bool> step();  // true while there is a row
  [[nodiscard]] est::Status run();         // for statements without rows

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::optional<std::int64_t> optional_integer(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] est::Bytes blob(int column) const;

 private:
  void note(int code);

  sqlite3_stmt* statement_;
  sqlite3* database_;
  std::string file_;
  int bound_ = 0;
  int code_ = SQLITE_OK;
};

class Database {
 public:
  // The file must exist. Waits up to 5 s for other processes; every commit is on disk when it returns (WAL, synchronous=FULL).
  [[nodiscard]] static est::Result<std::unique_ptr<Database>> open(const std::string& file);

  // `sql` must be a literal: it is the key under which the prepared statement is kept.
  [[nodiscard]] Statement prepare(const char* sql);
  [[nodiscard]] est::Status execute(const char* sql);               // any number of statements, no parameters
  [[nodiscard]] est::Result<std::int64_t> number(const char* sql);  // first column of the first row; an error when there is none
  [[nodiscard]] std::int64_t changes() const noexcept { return sqlite3_changes64(handle_.get()); }
  [[nodiscard]] std::int64_t last_row() const noexcept { return sqlite3_last_insert_rowid(handle_.get()); }
  [[nodiscard]] const std::string& file() const noexcept { return file_; }

 private:
  Database(DatabaseHandle handle, std::string file) : file_(std::move(file)), handle_(std::move(handle)) {}

  std::string file_;
  DatabaseHandle handle_;
  std::map<const char*, StatementHandle> statements_;
};

// BEGIN IMMEDIATE, so that a read followed by a write can't find the ground moved; rolls back unless committed.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  [[nodiscard]] const est::Status& begun() const noexcept { return begun_; }
  [[nodiscard]] est::Status commit();

 private:
  Database& database_;
  est::Status begun_;
  bool open_;
};

}  // namespace ca
