// A person who makes the client under test act: told what to do on the terminal and on a page, heard on either.
#pragma once

#include <memory>
#include <string>

#include "conformance/steps/client_start.h"

namespace conformance::steps {

// The page is plain HTTP on 127.0.0.1, on a port of its own from the first question to the end of the run, and its address is printed on
// standard error. Between two questions whoever looks at it waits. Threads: one question at a time, others wait.
class Person {
 public:
  Person();
  Person(const Person&) = delete;
  Person& operator=(const Person&) = delete;
  ~Person();

  // What the client did, by the person's word. An error when nobody says anything in time, or no page can be had.
  [[nodiscard]] est::Result<ClientEnd> ask(const std::string& operation, const Instructions& instructions, est::Milliseconds within);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace conformance::steps
