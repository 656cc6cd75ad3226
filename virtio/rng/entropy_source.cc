#include "virtio/rng/entropy_source.h"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "vmm/base/error.h"
#include "vmm/base/log.h"

namespace skiff {

EntropySource::EntropySource(const std::string& path) : path_(path) {
  if (path_.empty()) return;
  file_ = Fd(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file_) throw HostError::from_errno("cannot open the entropy source " + path_, errno);
}

std::size_t EntropySource::read(std::span<std::byte> out) {
  if (file_) {
    const ssize_t count = ::read(file_.get(), out.data(), out.size());
    if (count > 0) return static_cast<std::size_t>(count);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    log_error("the entropy source {} {}; the guest gets the host's own random numbers from now on",
              path_, count == 0 ? "has ended" : std::strerror(errno));
    file_.reset();
  }
  // GRND_NONBLOCK: nothing, instead of a wait, before the host's generator is seeded.
  const ssize_t count = ::getrandom(out.data(), out.size(), GRND_NONBLOCK);
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

}  // namespace skiff
