#include "conformance/cli_page.h"

#include "est/base/html.h"
#include "est/base/text.h"

namespace conformance::cli {

namespace {

constexpr std::string_view page_style = R"css(
:root { color-scheme: light dark; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; font: 1rem/1.45 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; padding: .3rem 0; }
.scroll th, .scroll td, table th, table td { text-align: left; vertical-align: top; padding: .25rem .5rem; border: 1px solid; overflow-wrap: anywhere; }
th[scope=row] { font-weight: 600; } .blank { min-width: 12rem; height: 2.2em; } .answer { white-space: nowrap; }
@media print { body { max-width: none; font-size: 9pt; padding: 0; } tr { break-inside: avoid; } thead { display: table-header-group; } }
)css";

}  // namespace

std::string html_text(std::string_view text) { return est::html_escaped(est::printable(text, 4000)); }

std::string html_page(std::string_view title, std::string_view body) {
  std::string page = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  page += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" + html_text(title) + "</title>\n<style>";
  page += std::string(page_style) + "</style>\n</head>\n<body>\n<main>\n<h1>" + html_text(title) + "</h1>\n";
  return page + std::string(body) + "</main>\n</body>\n</html>\n";
}

}  // namespace conformance::cli
