#include <fmt/format.h>

#include "conformance/cli_ics.h"
#include "conformance/cli_page.h"

namespace conformance::cli {

namespace {

using target::Question;
using target::Statement;

constexpr std::string_view ticked = "&#9746;", open_box = "&#9744;";

// A row of the table that says what the product is; empty values leave room to write.
std::string product_row(std::string_view what, const std::string& value) {
  return fmt::format("<tr><th scope=\"row\">{}</th><td class=\"blank\">{}</td></tr>\n", html_text(what), html_text(value));
}

std::string product(const std::string& role, const Statement* filled) {
  const Statement nobody;
  const Statement& of = filled == nullptr ? nobody : *filled;
  std::string text = "<h2>1 Product</h2>\n<table>\n";
  text += product_row("Role", "EST " + role) + product_row("Product", of.name) + product_row("Vendor", of.vendor);
  text += product_row("Version", of.version) + product_row("Standards", "RFC 7030, RFC 8951, RFC 9908, RFC 8996");
  text += product_row("Statement made by (name, date, signature)", "");
  return text + "</table>\n";
}

std::string answer(const Question& question, const Statement* filled) {
  const bool yes = filled != nullptr && filled->claims.contains(question.claim);
  const bool no = filled != nullptr && !yes;
  return fmt::format("<td class=\"answer\">{} yes {} no</td>", yes ? ticked : open_box, no ? ticked : open_box);
}

std::string row_of(const Question& question, const std::string& meaning, std::size_t scenarios, const Statement* filled) {
  std::string remarks;
  if (!question.rests_on.empty()) remarks += "Rests on " + question.rests_on + ". ";
  if (!question.access.empty()) remarks += "Needs of access: " + question.access + ".";
  return fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td>{}<td>{}</td></tr>\n",
                     html_text(question.claim), html_text(meaning), html_text(question.clause), question.mandatory ? "m" : "o", scenarios,
                     answer(question, filled), html_text(remarks));
}

}  // namespace

std::string ics_html(const std::string& role, const Data& data, const Statement* filled) {
  std::string body = product(role, filled);
  body +=
      "<h2>2 Claims</h2>\n<p>Status: m mandatory by the clause, o optional. What is claimed is tested, and INCONCLUSIVE where it cannot be "
      "exercised; what is not claimed is NOT APPLICABLE.</p>\n<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">Claim</th><th "
      "scope=\"col\">The product ...</th><th scope=\"col\">Clause</th><th scope=\"col\">Status</th><th scope=\"col\">Scenarios</th><th "
      "scope=\"col\">Answer</th><th scope=\"col\">Remarks</th></tr></thead>\n<tbody>\n";
  const auto claims = target::claims_of_role(role);
  const auto& questions = target::questions(role);
  for (std::size_t i = 0; i < questions.size(); ++i)
    body += row_of(questions[i], claims[i].second, scenarios_that_name(questions[i].claim, role, data), filled);
  body += "</tbody>\n</table></div>\n<p>The form to fill in for a run is printed by <code>estspec ics --role " + html_text(role) +
          " --form yaml</code>.</p>\n";
  return html_page("Implementation conformance statement: EST " + role, body);
}

}  // namespace conformance::cli
