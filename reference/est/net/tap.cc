#include "est/net/tap.h"

#include <algorithm>
#include <new>

namespace est::net {
namespace {

// A TLS record is read in two parts, and a flight in many.
constexpr std::chrono::milliseconds same_time{1};
constexpr std::size_t most_key_octets = std::size_t{16} << 10U;

// How many of `data` still had room.
std::size_t keep(Bytes& into, bool& cut, BytesView data) {
  const std::size_t count = std::min(data.size(), Tap::most - into.size());
  append(into, data.first(count));
  cut = cut || count < data.size();
  return count;
}

}  // namespace

void Tap::connected(std::string own, std::string peer) {
  const std::lock_guard lock(mutex_);
  tapped_.own = std::move(own);
  tapped_.peer = std::move(peer);
  tapped_.began = std::chrono::steady_clock::now();
}

void Tap::octets(bool sent, BytesView data) {
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  TappedSide& side = sent ? tapped_.sent : tapped_.received;
  const std::size_t count = keep(side.octets, side.cut, data);
  if (count == 0) return;
  TappedPiece* last = tapped_.pieces.empty() ? nullptr : &tapped_.pieces.back();
  if (last != nullptr && last->sent == sent && last->count > 0 && now - last->at < same_time)
    last->count += count;
  else
    tapped_.pieces.push_back({now, sent, count});
}

void Tap::content(bool sent, BytesView data) {
  const std::lock_guard lock(mutex_);
  TappedSide& side = sent ? tapped_.sent : tapped_.received;
  static_cast<void>(keep(side.content, side.content_cut, data));
}

void Tap::end(bool sent) {
  const std::lock_guard lock(mutex_);
  const bool again =
      std::any_of(tapped_.pieces.begin(), tapped_.pieces.end(), [&](const auto& one) { return one.count == 0 && one.sent == sent; });
  if (!again) tapped_.pieces.push_back({std::chrono::steady_clock::now(), sent, 0});
}

void Tap::unread(std::size_t count) {
  const std::lock_guard lock(mutex_);
  tapped_.unread += count;
}

void Tap::key_line(std::string_view line) noexcept {
  try {
    const std::lock_guard lock(mutex_);
    if (tapped_.keys.size() + line.size() < most_key_octets) tapped_.keys.append(line).append("\n");
  } catch (const std::bad_alloc&) {
    return;  // a secret less in the file
  }
}

Tapped Tap::tapped() const {
  const std::lock_guard lock(mutex_);
  return tapped_;
}

}  // namespace est::net
