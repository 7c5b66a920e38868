// One offline HTML page with a picture (inline SVG, no script): latency and throughput, over time or over the offered rate.
#pragma once

#include <string>

#include "conformance/load/ramp.h"
#include "conformance/load/result.h"

namespace conformance::load {

[[nodiscard]] std::string chart_page(const Result& result);
[[nodiscard]] std::string chart_page(const Ramp& ramp);

}  // namespace conformance::load
