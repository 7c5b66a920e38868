// Another parser: never dies, and re-encodes DER to itself.
#include "fuzz/peer/peer_target.h"

FUZZ_TARGET(peer_certs_only) { fuzz::peer::run_peer(fuzz::peer::Kind::certs_only, input); }
