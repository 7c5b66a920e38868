#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <set>
#include <system_error>

#include "client/files.h"
#include "est/crypto/digest.h"

namespace client {
namespace {

using est::Error;
using est::Status;

constexpr mode_t secret_mode = 0600;
constexpr mode_t open_mode = 0644;

Error failure_at(const char* what, const std::string& path, const char* cure = "") {
  return Error{std::string("cannot ") + what + " " + path + ": " + std::generic_category().message(errno) + cure};
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// A name beside the target that nobody else has; hidden, so that what picks up "*.pem" does not see it.
std::string name_beside(const std::string& path, const char* kind) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  return folder + "." + name + "." + kind + "-" + est::hex(est::crypto::random_bytes(6));
}

Status write_octets(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t count = ::write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return failure_at("write", path);
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fsync(fd) != 0) return failure_at("sync", path);
  return {};
}

// Closed in any case; an error of close() is one of the write.
Status create_file(const std::string& path, const std::string& target, std::string_view content, mode_t mode) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  if (fd < 0) return failure_at("write", target, "; does the folder exist, and may you write to it?");
  Status written = write_octets(fd, content, target);
  if (::close(fd) != 0 && written) written = failure_at("write", target);
  return written;
}

Status sync_folder(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return failure_at("open the folder", folder);
  // Some file systems cannot sync a folder and say so.
  const bool synced = ::fsync(fd) == 0 || errno == EINVAL;
  Status result = synced ? Status() : Status(failure_at("sync the folder", folder));
  ::close(fd);
  return result;
}

enum class Found { nothing, file };

est::Result<Found> look_at_target(const std::string& path) {
  struct stat facts {};
  if (path.empty() || path.ends_with('/')) return Error{"'" + path + "' is no name of a file"};
  if (::lstat(path.c_str(), &facts) != 0) {
    if (errno == ENOENT) return Found::nothing;
    return failure_at("look at", path);
  }
  if (S_ISREG(facts.st_mode)) return Found::file;
  if (S_ISLNK(facts.st_mode)) return Error{path + " is a symbolic link; name the file it leads to"};
  return Error{path + " is no regular file; name another"};
}

Status may_write(const std::string& path, Overwrite overwrite) {
  const auto found = look_at_target(path);
  if (!found) return found.error();
  if (*found == Found::file && overwrite == Overwrite::refuse) return Error{path + " exists; name another file, or allow to overwrite it"};
  return {};
}

// Does not replace what has come into being since the look. Not every file system can promise that.
int rename_to_new(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  return errno == EINVAL || errno == ENOSYS ? ::rename(from.c_str(), to.c_str()) : -1;
}

}  // namespace

StagedFiles::~StagedFiles() {
  for (const File& file : files_) ::unlink(file.beside.c_str());
}

Status StagedFiles::stage(const std::string& path, std::string_view content, FileKind kind) {
  if (Status good = may_write(path, overwrite_); !good) return good;
  for (const File& file : files_)
    if (file.path == path) return Error{path + " is to be written twice; name different files"};
  File file{path, name_beside(path, "new")};
  Status created = create_file(file.beside, path, content, kind == FileKind::secret ? secret_mode : open_mode);
  if (created)
    files_.push_back(std::move(file));
  else
    ::unlink(file.beside.c_str());
  return created;
}

Status StagedFiles::place(File& file) {
  if (Status good = may_write(file.path, overwrite_); !good) return good;
  file.is_new = ::access(file.path.c_str(), F_OK) != 0;
  if (overwrite_ == Overwrite::refuse) {
    if (rename_to_new(file.beside, file.path) != 0) return failure_at("put in place", file.path);
    return {};
  }
  // A second name keeps the old content for the way back; where there are no hard links there is no way back for this file.
  const std::string earlier = name_beside(file.path, "old");
  if (::link(file.path.c_str(), earlier.c_str()) == 0) file.earlier = earlier;
  if (::rename(file.beside.c_str(), file.path.c_str()) == 0) return {};
  Status failed = failure_at("put in place", file.path);
  if (!file.earlier.empty()) ::unlink(file.earlier.c_str());
  file.earlier.clear();
  return failed;
}

void StagedFiles::take_back(std::size_t count) {
  for (std::size_t i = count; i-- > 0;) {
    File& file = files_[i];
    if (!file.earlier.empty())
      ::rename(file.earlier.c_str(), file.path.c_str());
    else if (file.is_new)
      ::unlink(file.path.c_str());
    file.earlier.clear();
  }
}

Status StagedFiles::commit() {
  std::set<std::string> folders;
  for (std::size_t i = 0; i < files_.size(); ++i) {
    if (Status placed = place(files_[i]); !placed) {
      take_back(i);
      return placed;
    }
    folders.insert(folder_of(files_[i].path));
  }
  for (const File& file : files_)
    if (!file.earlier.empty()) ::unlink(file.earlier.c_str());
  files_.clear();
  for (const std::string& folder : folders)
    if (Status synced = sync_folder(folder); !synced) return synced;
  return {};
}

Status write_output(const std::string& path, std::string_view content, FileKind kind, Overwrite overwrite) {
  StagedFiles files(overwrite);
  if (Status staged = files.stage(path, content, kind); !staged) return staged;
  return files.commit();
}

}  // namespace client
