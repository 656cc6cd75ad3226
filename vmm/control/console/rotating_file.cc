#include "vmm/control/console/rotating_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "vmm/base/error.h"
#include "vmm/base/log.h"

namespace skiff {
namespace {

Fd open_log(const std::string& path) {
  return Fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_CLOEXEC, 0600));
}

}  // namespace

RotatingFile::RotatingFile(RotatingFileOptions options)
    : options_(std::move(options)), file_(open_log(options_.path)) {
  if (!file_) {
    throw HostError::from_errno(fmt::format("cannot open the log \"{}\"", options_.path), errno);
  }
  struct stat status{};
  if (::fstat(file_.get(), &status) == 0) size_ = static_cast<std::uint64_t>(status.st_size);
}

bool RotatingFile::is_full(std::uint64_t more) const {
  return options_.max_size != 0 && size_ + more >= options_.max_size;
}

void RotatingFile::fail(std::string_view what, int error) {
  failed_ = true;
  file_.reset();
  log_error("cannot {} the log \"{}\": {}; the console is not logged any more", what, options_.path,
            std::strerror(error));
}

void RotatingFile::write(std::string_view text, bool may_end) {
  while (!failed_ && !text.empty()) {
    const ssize_t written = ::write(file_.get(), text.data(), text.size());
    if (written < 0) {
      if (errno != EINTR) fail("write to", errno);
      continue;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
    size_ += static_cast<std::uint64_t>(written);
  }
  // A guest that never ends its line does not make the file endless.
  if (!failed_ && is_full(0) && (may_end || size_ / 2 >= options_.max_size)) rotate();
}

void RotatingFile::rotate() {
  const auto old = [this](std::uint32_t number) {
    return number == 0 ? options_.path : fmt::format("{}.{}", options_.path, number);
  };
  if (options_.keep == 0) {
    ::unlink(options_.path.c_str());
  }
  for (std::uint32_t number = options_.keep; number > 0; --number) {
    ::rename(old(number - 1).c_str(), old(number).c_str());
  }
  file_ = open_log(options_.path);
  if (!file_) return fail("rotate", errno);
  // Where it could not be renamed it is the same file, and must not grow without bound.
  if (::ftruncate(file_.get(), 0) != 0) return fail("rotate", errno);
  size_ = 0;
}

}  // namespace skiff
