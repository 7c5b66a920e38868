// Small HTML pages that are printed: the ICS form and the test plan.
#pragma once

#include <string>
#include <string_view>

namespace conformance::cli {

// As text between tags or in a quoted attribute; octets that are no printable text are shown as such.
[[nodiscard]] std::string html_text(std::string_view text);

// One file that needs no network, no script and no colour. `body` is HTML.
[[nodiscard]] std::string html_page(std::string_view title, std::string_view body);

}  // namespace conformance::cli
