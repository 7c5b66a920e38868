// estspec verbs: the words scenarios and profiles are written in.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <map>

#include "conformance/cli_command.h"
#include "conformance/target/profile_keys.h"
#include "conformance/target/questions.h"
#include "est/base/text.h"

namespace conformance::cli {

namespace {

using engine::Json;

struct VerbsOptions {
  std::string form = "text";
};

Json json_of(const std::vector<engine::Parameter>& parameters) {
  Json all = Json::array();
  for (const auto& parameter : parameters) {
    all.push_back({{"name", parameter.name},
                   {"type", to_string(parameter.type)},
                   {"choices", parameter.choices},
                   {"meaning", parameter.meaning},
                   {"required", parameter.required}});
  }
  return all;
}

template <class T>
void print_words(const std::string& title, const std::vector<T>& words) {
  std::cout << title << "\n";
  for (const auto& word : words) {
    std::cout << fmt::format("  {}  {}\n", word.name, word.meaning);
    for (const auto& parameter : word.parameters) {
      const std::string choices = parameter.choices.empty() ? std::string(to_string(parameter.type)) : est::join(parameter.choices, " | ");
      std::cout << fmt::format("      {}: {}{}  {}\n", parameter.name, choices, parameter.required ? ", required" : "", parameter.meaning);
    }
  }
}

void tell_words(const engine::Vocabulary& vocabulary) {
  print_words("Verbs", vocabulary.verbs());
  print_words("Checks", vocabulary.checks());
  std::cout << "Claims\n";
  for (const auto& [name, meaning] : vocabulary.claims()) std::cout << fmt::format("  {}  {}\n", name, meaning);
}

template <class T>
Json words_json(const std::vector<T>& words) {
  Json list = Json::array();
  for (const auto& word : words)
    list.push_back(
        {{"name", word.name}, {"meaning", word.meaning}, {"parameters", json_of(word.parameters)}, {"shorthand", word.shorthand}});
  return list;
}

void tell_json(const engine::Vocabulary& vocabulary) {
  Json claims = Json::array();
  for (const auto& [name, meaning] : vocabulary.claims()) claims.push_back({{"name", name}, {"meaning", meaning}});
  print(Json{{"verbs", words_json(vocabulary.verbs())}, {"checks", words_json(vocabulary.checks())}, {"claims", claims}});
}

// In a table and in text.
std::string cell(std::string_view text) {
  std::string safe;
  for (const char c : text) safe += c == '|' || c == '<' || c == '*' || c == '_' ? "\\" + std::string(1, c) : std::string(1, c);
  return safe;
}

constexpr const char* parameter_head = "\n| parameter | value | meaning |\n|---|---|---|\n";

std::string parameter_row(const engine::Parameter& parameter, const std::string& shorthand) {
  const std::string choices = parameter.choices.empty() ? std::string(to_string(parameter.type)) : est::join(parameter.choices, ", ");
  const std::string bare = parameter.name == shorthand ? " (a bare value stands for it)" : "";
  return fmt::format("| `{}`{} | {}{} | {} |\n", parameter.name, parameter.required ? ", required" : "", cell(choices), bare,
                     cell(parameter.meaning));
}

// Rows that several words have alike, and how many.
using SharedRows = std::map<std::string, std::size_t>;
constexpr std::size_t told_once = 3;

template <class T>
SharedRows rows_of(const std::vector<T>& words) {
  SharedRows rows;
  for (const auto& word : words)
    for (const auto& parameter : word.parameters) ++rows[parameter_row(parameter, word.shorthand)];
  return rows;
}

template <class T>
void page_of_word(const T& word, const SharedRows& shared) {
  std::cout << fmt::format("\n`{}`: {}\n", word.name, cell(word.meaning));
  std::string own;
  std::vector<std::string> further;
  for (const auto& parameter : word.parameters) {
    const std::string row = parameter_row(parameter, word.shorthand);
    if (shared.at(row) < told_once)
      own += row;
    else
      further.push_back("`" + parameter.name + "`");
  }
  if (!own.empty()) std::cout << parameter_head << own;
  if (!further.empty()) std::cout << (own.empty() ? "\nParameters: " : "\nAlso: ") << est::join(further, ", ") << "\n";
}

template <class T>
void page_of_words(const std::string& title, const std::vector<T>& words) {
  const SharedRows shared = rows_of(words);
  std::cout << "\n## " << title << "\n";
  for (const auto& word : words) page_of_word(word, shared);
  const bool any = std::any_of(shared.begin(), shared.end(), [](const auto& row) { return row.second >= told_once; });
  if (any) std::cout << "\nParameters that several of these have:\n" << parameter_head;
  for (const auto& [row, count] : shared)
    if (count >= told_once) std::cout << row;
}

void page_of_role(const std::string& role) {
  std::cout << "\n## Claims of a " << role << "\n\n| claim | the product ... | clause |\n|---|---|---|\n";
  const auto claims = target::claims_of_role(role);
  const auto& questions = target::questions(role);
  const std::size_t first = role == "proxy" ? target::claims_of_role("server").size() : 0;
  if (first > 0) std::cout << "| those of a server | | |\n";
  for (std::size_t i = first; i < claims.size(); ++i)
    std::cout << fmt::format("| `{}` | {} | {}{} |\n", claims[i].first, cell(claims[i].second), questions[i].clause,
                             questions[i].mandatory ? ", mandatory" : "");
}

void page_of_keys() {
  for (const char* role : {"server", "proxy", "client"}) {
    std::cout << "\n## Profile of a " << role << "\n\n| key | meaning |\n|---|---|\n";
    for (const auto& key : target::profile_keys(role)) std::cout << fmt::format("| `{}` | {} |\n", key.path, cell(key.meaning));
  }
}

void print_page(const engine::Vocabulary& vocabulary) {
  std::cout << "# Reference\n\nWritten by `estspec verbs --form markdown`; a test compares this page with the program.\n";
  page_of_words("Verbs", vocabulary.verbs());
  page_of_words("Checks", vocabulary.checks());
  for (const char* role : {"server", "client", "proxy"}) page_of_role(role);
  page_of_keys();
}

int verbs(const VerbsOptions& options) {
  const engine::Vocabulary vocabulary = make_vocabulary();
  if (options.form == "text") tell_words(vocabulary);
  if (options.form == "json") tell_json(vocabulary);
  if (options.form == "markdown") print_page(vocabulary);
  return 0;
}

}  // namespace

void add_verbs(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("verbs", "print all verbs, checks and claims scenarios may use");
  auto options = std::make_shared<VerbsOptions>();
  command->add_option("--form", options->form, "text, json, or markdown: with the keys of profiles, which is conformance/REFERENCE.md")
      ->check(CLI::IsMember({"text", "json", "markdown"}))
      ->capture_default_str();
  command->add_flag_callback(
      "--json", [options] { options->form = "json"; }, "the same as --form json");
  command->callback([=, &run] { run = [=] { return verbs(*options); }; });
}

}  // namespace conformance::cli
