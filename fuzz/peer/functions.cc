// Peers that are functions: linked in or of a shared library.
#include <dlfcn.h>

#include "fuzz/peer/est_fuzz.h"
#include "fuzz/peer/peer.h"

// Null where the program was linked without them.
#pragma weak est_fuzz_parse_csr
#pragma weak est_fuzz_parse_certs_only
#pragma weak est_fuzz_parse_csrattrs

namespace fuzz::peer {
namespace {

using Parse = int (*)(const unsigned char*, size_t, unsigned char*, size_t, size_t*);

struct Functions {
  Parse csr = nullptr;
  Parse certs_only = nullptr;
  Parse csrattrs = nullptr;

  [[nodiscard]] Parse of(Kind kind) const { return kind == Kind::csr ? csr : kind == Kind::certs_only ? certs_only : csrattrs; }
};

class FunctionPeer final : public Peer {
 public:
  explicit FunctionPeer(const Functions& functions) : functions_(functions) {}

  est::Result<std::optional<Verdict>> ask(Kind kind, est::BytesView der) override {
    const Parse parse = functions_.of(kind);
    if (parse == nullptr) return std::optional<Verdict>();
    Verdict verdict;
    verdict.canonical.resize(most_canonical);
    std::size_t size = 0;
    verdict.accepted = parse(der.data(), der.size(), verdict.canonical.data(), verdict.canonical.size(), &size) != 0;
    if (size > most_canonical) return est::Error{"the parser gives a re-encoding of more octets than there is room for"};
    verdict.canonical.resize(size);
    return std::optional<Verdict>(std::move(verdict));
  }

 private:
  Functions functions_;
};

Parse find_function(void* library, const char* name) { return reinterpret_cast<Parse>(dlsym(library, name)); }

}  // namespace

std::unique_ptr<Peer> linked_in() {
  return std::make_unique<FunctionPeer>(Functions{&est_fuzz_parse_csr, &est_fuzz_parse_certs_only, &est_fuzz_parse_csrattrs});
}

est::Result<std::unique_ptr<Peer>> load_plugin(const std::string& path) {
  // Never closed: its functions may be on the stack when a sanitizer reports.
  void* library = dlopen(path.c_str(), RTLD_NOW);
  if (library == nullptr) {
    const char* why = dlerror();
    return est::Error{path + ": cannot be loaded: " + (why == nullptr ? "no reason given" : why)};
  }
  const Functions functions{find_function(library, "est_fuzz_parse_csr"), find_function(library, "est_fuzz_parse_certs_only"),
                            find_function(library, "est_fuzz_parse_csrattrs")};
  if (functions.csr == nullptr && functions.certs_only == nullptr && functions.csrattrs == nullptr)
    return est::Error{path + ": has none of the functions of est_fuzz.h; give them C linkage and default visibility"};
  return std::unique_ptr<Peer>(std::make_unique<FunctionPeer>(functions));
}

}  // namespace fuzz::peer
