// The heap of est-bench, which counts. A unit of its own: g++ takes offence where it sees what becomes of `delete` beside a use of it.
#include <openssl/crypto.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "bench/measure.h"

namespace bench {

namespace {

std::atomic<std::uint64_t> blocks{0};

}  // namespace

std::uint64_t allocations() { return blocks.load(std::memory_order_relaxed); }

}  // namespace bench

#ifdef ESTSPEC_BENCH_OTHER_HEAP

void bench::count_openssl_allocations() {}

#else

namespace bench {

namespace {

// NOLINTBEGIN(cppcoreguidelines-owning-memory): this is the allocator
void* openssl_realloc(void* old, std::size_t size, const char* /*file*/, int /*line*/) {
  blocks.fetch_add(1, std::memory_order_relaxed);
  return std::realloc(old, size);
}
void openssl_free(void* old, const char* /*file*/, int /*line*/) { std::free(old); }
void* counted(std::size_t size) {
  blocks.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size == 0 ? 1 : size);
}
void* openssl_malloc(std::size_t size, const char* /*file*/, int /*line*/) { return counted(size); }

}  // namespace

void count_openssl_allocations() {
  demand(CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) == 1, "OpenSSL has allocated already");
}

}  // namespace bench

void* operator new(std::size_t size) {
  void* block = bench::counted(size);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
// NOLINTEND(cppcoreguidelines-owning-memory)

#endif
