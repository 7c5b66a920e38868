#include "conformance/bundle/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "est/base/text.h"
#include "est/crypto/handle.h"

namespace conformance::bundle {
namespace {

using Writer = std::unique_ptr<archive, est::crypto::Deleter<archive_write_free>>;
using Reader = std::unique_ptr<archive, est::crypto::Deleter<archive_read_free>>;
using Entry = std::unique_ptr<archive_entry, est::crypto::Deleter<archive_entry_free>>;

constexpr std::size_t most_files = 100000;
constexpr std::size_t largest_file = std::size_t{256} << 20U;
constexpr std::size_t most_octets = std::size_t{1} << 30U;
constexpr std::size_t longest_path = 200;

std::string shown(std::string_view path) { return est::printable(path, 300); }

bool is_plain(std::string_view part) {
  constexpr std::string_view others = "._-+";
  return !part.empty() && part != "." && part != ".." && std::all_of(part.begin(), part.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || others.find(c) != std::string_view::npos;
  });
}

bool is_safe(std::string_view path) {
  if (path.empty() || path.size() > longest_path) return false;
  const auto parts = est::split(path, '/');
  return std::all_of(parts.begin(), parts.end(), [](const auto& part) { return is_plain(part); });
}

la_ssize_t collect(archive* /*writer*/, void* into, const void* octets, std::size_t size) {
  static_cast<std::string*>(into)->append(static_cast<const char*>(octets), size);
  return static_cast<la_ssize_t>(size);
}

est::Error trouble(archive* handle, const std::string& what) {
  const char* reason = archive_error_string(handle);
  return {what + (reason == nullptr ? "" : std::string(": ") + reason)};
}

est::Status write_entry(archive* writer, const std::string& path, const std::string& content) {
  const Entry entry(archive_entry_new());
  archive_entry_set_pathname(entry.get(), path.c_str());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0644);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
  archive_entry_set_mtime(entry.get(), 0, 0);
  if (archive_write_header(writer, entry.get()) != ARCHIVE_OK) return trouble(writer, shown(path) + " cannot be put in the archive");
  if (archive_write_data(writer, content.data(), content.size()) != static_cast<la_ssize_t>(content.size()))
    return trouble(writer, shown(path) + " cannot be put in the archive");
  return {};
}

struct Member {
  std::string path;
  std::size_t at = 0;  // where its header begins
};

class Unpacking {
 public:
  explicit Unpacking(std::string_view octets) : octets_(octets), reader_(archive_read_new()) {}

  est::Result<Files> run() {
    archive_read_support_format_tar(reader_.get());
    if (archive_read_open_memory(reader_.get(), octets_.data(), octets_.size()) != ARCHIVE_OK)
      return trouble(reader_.get(), "it is no tar file, or the header of its first file was changed");
    archive_entry* entry = nullptr;  // the reader's
    int result = ARCHIVE_OK;
    while ((result = archive_read_next_header(reader_.get(), &entry)) == ARCHIVE_OK)
      if (const auto status = take(entry); !status) return status.error();
    if (result != ARCHIVE_EOF) return trouble(reader_.get(), "it cannot be read " + behind_last());
    if (const auto status = compare(); !status) return status.error();
    return std::move(files_);
  }

 private:
  [[nodiscard]] std::string behind_last() const {
    return members_.empty() ? std::string("at its beginning") : "behind " + members_.back().path;
  }

  est::Status take(archive_entry* entry) {
    const char* name = archive_entry_pathname(entry);
    const std::string path = name == nullptr ? "" : name;
    if (!is_safe(path)) return est::Error{"the path '" + shown(path) + "' in it is not one that estspec writes; nothing was unpacked"};
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr)
      return est::Error{path + " is no ordinary file; nothing was unpacked"};
    if (files_.contains(path)) return est::Error{path + " is in it twice"};
    members_.push_back({path, static_cast<std::size_t>(std::max<la_int64_t>(0, archive_read_header_position(reader_.get())))});
    return read_content(path, archive_entry_size(entry));
  }

  est::Status read_content(const std::string& path, la_int64_t size) {
    if (size < 0 || static_cast<std::size_t>(size) > largest_file || files_.size() >= most_files ||
        total_ + static_cast<std::size_t>(size) > most_octets)
      return est::Error{path + " makes it larger than what is read: 256 MiB a file, 1 GiB and 100000 files in all"};
    std::string content(static_cast<std::size_t>(size), '\0');
    std::size_t have = 0;
    while (have < content.size()) {
      const la_ssize_t count = archive_read_data(reader_.get(), content.data() + have, content.size() - have);
      if (count <= 0) return trouble(reader_.get(), path + " is cut off");
      have += static_cast<std::size_t>(count);
    }
    total_ += content.size();
    files_.emplace(path, std::move(content));
    return {};
  }

  // Octets that carry no content, such as padding, are not protected by any digest.
  est::Status compare() {
    const auto again = pack(files_);
    if (!again) return again.error();
    if (*again == octets_) return {};
    const auto differs = std::mismatch(again->begin(), again->end(), octets_.begin(), octets_.end());
    const auto at = static_cast<std::size_t>(differs.second - octets_.begin());
    std::string path = "its beginning";
    for (const auto& member : members_)
      if (member.at <= at) path = member.path;
    return est::Error{"octet " + std::to_string(at) + " of the archive, at " + path + ", is not as estspec bundle writes it"};
  }

  std::string_view octets_;
  Reader reader_;
  Files files_;
  std::vector<Member> members_;
  std::size_t total_ = 0;
};

}  // namespace

est::Result<std::string> pack(const Files& files) {
  std::string octets;
  const Writer writer(archive_write_new());
  archive_write_set_format_ustar(writer.get());
  archive_write_set_bytes_per_block(writer.get(), 0);
  if (archive_write_open(writer.get(), &octets, nullptr, collect, nullptr) != ARCHIVE_OK)
    return trouble(writer.get(), "the archive cannot be made");
  for (const auto& [path, content] : files) {
    if (!is_safe(path)) return est::Error{shown(path) + " cannot be put in the archive: its name is too long or has unusual characters"};
    if (const auto status = write_entry(writer.get(), path, content); !status) return status.error();
  }
  if (archive_write_close(writer.get()) != ARCHIVE_OK) return trouble(writer.get(), "the archive cannot be finished");
  return octets;
}

est::Result<Files> unpack(std::string_view octets) { return Unpacking(octets).run(); }

}  // namespace conformance::bundle
