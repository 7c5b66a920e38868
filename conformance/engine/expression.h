// Boolean expressions over words: `needs` (over the ICS) and --select (over ids, tags, levels, sections).
//   expression = term *("or" term) ; term = factor *("and" factor) ; factor = "not" factor / "(" expression ")" / word
// A word is any run of characters other than space and parentheses.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "est/base/result.h"

namespace conformance::engine {

class Expression {
 public:
  // An empty text is always true. Errors name the position and what was expected.
  [[nodiscard]] static est::Result<Expression> parse(std::string_view text);

  using Lookup = std::function<bool(std::string_view word)>;
  [[nodiscard]] bool evaluate(const Lookup& holds) const;
  // When false: the first word that decides it, with "not " before it if it should have been absent.
  [[nodiscard]] std::string deciding_word(const Lookup& holds) const;
  // The text with the value of each word: "simpleenroll=true and not fullcmc=false"; "always" where there is none.
  [[nodiscard]] std::string with_values(const Lookup& holds) const;
  [[nodiscard]] std::vector<std::string> words() const;
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

  struct Node;

 private:
  std::string text_;
  std::shared_ptr<const Node> root_;
};

}  // namespace conformance::engine
