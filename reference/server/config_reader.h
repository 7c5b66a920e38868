// The part of a configuration that every EST server has, whoever issues: listeners, limits, TLS, identities, users, labels.
#pragma once

#include "server/config.h"
#include "server/yaml_reader.h"

namespace server {

// Reads those keys of `top`; mistakes go to `source`. The caller reads its own and then calls top.finish().
void read_front(YamlMap& top, Config& config, const YamlSource& source);

}  // namespace server
