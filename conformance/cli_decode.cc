// estspec decode: a message as text for people.
#include <iostream>

#include "conformance/cli_command.h"
#include "conformance/report/der_text.h"
#include "est/base/file.h"

namespace conformance::cli {

namespace {

int decode(const std::string& path) {
  const auto content = est::read_file(path);
  if (!content) return complain(content.error().message + "; name a readable file");
  const auto der = report::der_in(est::as_bytes(*content));
  if (!der) return complain(path + ": there is no DER in it, neither as it is nor in PEM or base64");
  std::cout << report::der_text(*der, 100000);
  return ExitCode::conformant;
}

}  // namespace

void add_decode(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("decode", "show a certificate, request or CMS message as text, with the names of its fields");
  auto path = std::make_shared<std::string>();
  command->add_option("FILE", *path, "DER, PEM or base64, such as evidence/ID/step-1.body")->required();
  command->footer("Exit codes: 0, 4 the file cannot be read or holds no DER.");
  command->callback([=, &run] { run = [=] { return decode(*path); }; });
}

}  // namespace conformance::cli
