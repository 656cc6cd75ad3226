#include "vmm/control/serial_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "vmm/base/error.h"
#include "vmm/base/log.h"

namespace skiff {

FileSink::FileSink(const std::string& path)
    : path_(path),
      fd_(::open(path.c_str(),
                 O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                 0644)) {
  if (fd_) return;
  const int error = errno;
  throw HostError(fmt::format("cannot open \"{}\" for a serial port: {}{}", path,
                              std::strerror(error),
                              error == ENXIO ? " (a FIFO nobody reads)" : ""));
}

std::size_t FileSink::write(std::span<const std::byte> bytes) noexcept {
  if (failed_.load(std::memory_order_relaxed)) return bytes.size();
  const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
  if (written >= 0) return static_cast<std::size_t>(written);
  if (errno == EAGAIN || errno == EINTR) return 0;
  if (!failed_.exchange(true)) {
    log_error("cannot write to \"{}\": {}; further output of this serial port is discarded", path_,
              std::strerror(errno));
  }
  return bytes.size();
}

ByteSink& SerialFiles::sink(const std::string& path) {
  auto& file = files_[path];
  if (!file) file = std::make_unique<FileSink>(path);
  return *file;
}

}  // namespace skiff
