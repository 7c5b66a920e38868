// What a decoder noticed. Decoding yields a value *plus findings*; the caller decides what is fatal:
// the server rejects on any error, the suite judges each finding by its id.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace est {

enum class Severity {
  note,     // permitted, yet worth telling (for instance white space inside base64)
  warning,  // a SHOULD or a convention is broken; a receiver may go on
  error,    // the specification is violated; a strict receiver refuses the message
};

[[nodiscard]] std::string_view to_string(Severity severity) noexcept;

struct Finding {
  std::string id;  // stable, e.g. "der.length.non-minimal"; documented beside the decoder that emits it
  Severity severity = Severity::error;
  std::size_t offset = 0;  // octets from the start of the decoder's input
  std::string detail;      // one sentence; may quote printable input, never a secret
};

using Findings = std::vector<Finding>;

[[nodiscard]] bool has_errors(const Findings& findings) noexcept;
[[nodiscard]] bool contains(const Findings& findings, std::string_view id) noexcept;
// "id at octet N: detail" for the first error, or the first finding, or an empty text.
[[nodiscard]] std::string describe_first(const Findings& findings);

// `value` is absent only when nothing sensible could be read; a present value with errors is usable for judging,
// never for acting. `accepted()` is the test an acting receiver makes.
template <class T>
struct [[nodiscard]] Decoded {
  std::optional<T> value;
  Findings findings;

  [[nodiscard]] bool accepted() const noexcept { return value.has_value() && !has_errors(findings); }
};

}  // namespace est
