// A tar file (POSIX ustar) as a function of its content alone: no time, no owner, sorted by name. By libarchive.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "est/base/result.h"

namespace conformance::bundle {

using Files = std::map<std::string, std::string, std::less<>>;  // content by path

// An error for a path that unpack() would refuse.
[[nodiscard]] est::Result<std::string> pack(const Files& files);

// Into memory; nothing is written anywhere. Refused, with a sentence that names the file: anything but ordinary files, paths that are
// absolute or hold "..", an empty part or other characters than letters, digits and . _ - +, a path that occurs twice, more than 100000
// files, 256 MiB in one or 1 GiB in all; and every octet that pack() would not have written.
[[nodiscard]] est::Result<Files> unpack(std::string_view archive);

}  // namespace conformance::bundle
