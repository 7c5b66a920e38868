#include "conformance/engine/expression.h"

#include <algorithm>

namespace conformance::engine {

struct Expression::Node {
  enum class Kind { word, negation, conjunction, disjunction };
  Kind kind = Kind::word;
  std::string word;
  std::vector<std::shared_ptr<const Node>> parts;
};

namespace {

using Node = Expression::Node;
using NodePointer = std::shared_ptr<const Node>;

constexpr std::size_t most_characters = 4096;
constexpr int most_depth = 32;

bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) { advance(); }

  // The whole text, or nothing with `problem` set.
  NodePointer all() {
    NodePointer root = expression(0);
    if (problem_.empty() && !token_.empty()) return complain("'and', 'or' or the end");
    return problem_.empty() ? root : nullptr;
  }
  const std::string& problem() const { return problem_; }

 private:
  void advance() {
    while (at_ < text_.size() && blank(text_[at_])) ++at_;
    start_ = at_;
    if (at_ == text_.size()) {
      token_ = {};
      return;
    }
    if (text_[at_] == '(' || text_[at_] == ')') {
      ++at_;
    } else {
      while (at_ < text_.size() && !blank(text_[at_]) && text_[at_] != '(' && text_[at_] != ')') ++at_;
    }
    token_ = text_.substr(start_, at_ - start_);
  }

  NodePointer complain(std::string_view expected) {
    const std::string got = token_.empty() ? "the end" : "'" + std::string(token_) + "'";
    if (problem_.empty())
      problem_ = "at character " + std::to_string(start_ + 1) + ": expected " + std::string(expected) + ", found " + got;
    return nullptr;
  }

  // A list of parts joined by one word becomes a node of `kind`; a single part stays itself.
  template <class Part>
  NodePointer joined(Node::Kind kind, std::string_view by, Part part) {
    std::vector<NodePointer> parts{part()};
    while (problem_.empty() && token_ == by) {
      advance();
      parts.push_back(part());
    }
    if (!problem_.empty()) return nullptr;
    if (parts.size() == 1) return parts.front();
    return std::make_shared<const Node>(Node{kind, {}, std::move(parts)});
  }

  NodePointer expression(int depth) {
    return joined(Node::Kind::disjunction, "or", [&] { return term(depth); });
  }

  NodePointer term(int depth) {
    return joined(Node::Kind::conjunction, "and", [&] { return factor(depth); });
  }

  NodePointer factor(int depth) {
    if (depth > most_depth) return complain("less nesting");
    if (token_ == "not") {
      advance();
      NodePointer inner = factor(depth + 1);
      return inner ? std::make_shared<const Node>(Node{Node::Kind::negation, {}, {std::move(inner)}}) : nullptr;
    }
    if (token_ == "(") return parenthesised(depth);
    if (token_.empty() || token_ == ")" || token_ == "and" || token_ == "or") return complain("a word, 'not' or '('");
    auto word = std::make_shared<const Node>(Node{Node::Kind::word, std::string(token_), {}});
    advance();
    return word;
  }

  NodePointer parenthesised(int depth) {
    advance();
    NodePointer inner = expression(depth + 1);
    if (!inner) return nullptr;
    if (token_ != ")") return complain("')'");
    advance();
    return inner;
  }

  std::string_view text_;
  std::string_view token_;  // empty at the end
  std::size_t at_ = 0;
  std::size_t start_ = 0;
  std::string problem_;
};

bool holds(const Node& node, const Expression::Lookup& lookup) {
  const auto part_holds = [&](const NodePointer& part) { return holds(*part, lookup); };
  switch (node.kind) {
    case Node::Kind::word:
      return lookup(node.word);
    case Node::Kind::negation:
      return !part_holds(node.parts.front());
    case Node::Kind::conjunction:
      return std::all_of(node.parts.begin(), node.parts.end(), part_holds);
    case Node::Kind::disjunction:
      return std::any_of(node.parts.begin(), node.parts.end(), part_holds);
  }
  return false;
}

// The first word to blame for `node` being other than `wanted`.
std::string blame(const Node& node, const Expression::Lookup& lookup, bool wanted) {
  if (node.kind == Node::Kind::word) return (wanted ? "" : "not ") + node.word;
  if (node.kind == Node::Kind::negation) return blame(*node.parts.front(), lookup, !wanted);
  for (const auto& part : node.parts) {
    if (holds(*part, lookup) != wanted) return blame(*part, lookup, wanted);
  }
  return {};
}

void collect(const Node& node, std::vector<std::string>& words) {
  if (node.kind == Node::Kind::word) words.push_back(node.word);
  for (const auto& part : node.parts) collect(*part, words);
}

}  // namespace

est::Result<Expression> Expression::parse(std::string_view text) {
  if (text.size() > most_characters) return est::Error{"the expression is longer than " + std::to_string(most_characters) + " characters"};
  Expression result;
  result.text_ = std::string(text);
  if (std::all_of(text.begin(), text.end(), blank)) return result;
  Parser parser(text);
  result.root_ = parser.all();
  if (!result.root_) return est::Error{parser.problem()};
  return result;
}

bool Expression::evaluate(const Lookup& lookup) const { return !root_ || holds(*root_, lookup); }

std::string Expression::deciding_word(const Lookup& lookup) const { return evaluate(lookup) ? std::string() : blame(*root_, lookup, true); }

std::string Expression::with_values(const Lookup& lookup) const {
  if (!root_) return "always";
  std::string text, word;
  const auto end_word = [&] {
    const bool named = !word.empty() && word != "and" && word != "or" && word != "not";
    text += named ? word + (lookup(word) ? "=true" : "=false") : word;
    word.clear();
  };
  for (const char c : text_) {
    const bool part = !blank(c) && c != '(' && c != ')';
    if (!part) end_word();
    (part ? word : text) += c;
  }
  end_word();
  return text;
}

std::vector<std::string> Expression::words() const {
  std::vector<std::string> words;
  if (root_) collect(*root_, words);
  return words;
}

}  // namespace conformance::engine
