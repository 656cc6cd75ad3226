#include "vmm/bench/scratch_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "vmm/base/error.h"
#include "vmm/base/fd.h"

namespace skiff::bench {
namespace {

Fd create_file(const std::string& path) {
  Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) throw HostError::from_errno("cannot make " + path, errno);
  return file;
}

void write_all(const Fd& file, const std::string& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(file.get(), bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) throw HostError::from_errno("cannot write " + path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
}

}  // namespace

ScratchFolder::ScratchFolder(const std::string& base) : path_(base + "/skiff-bench-XXXXXX") {
  if (::mkdtemp(path_.data()) == nullptr) {
    throw HostError::from_errno("cannot make a folder in " + base + " (--scratch names another)",
                                errno);
  }
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void ScratchFolder::write(const std::string& name, const std::string& text) const {
  write_all(create_file(file(name)), file(name), text);
}

void ScratchFolder::write_image(const std::string& name, std::uint64_t size) const {
  const Fd image = create_file(file(name));
  // Not zeros: a file system may keep those as a hole.
  const std::string block(1 << 20, 'b');
  for (std::uint64_t at = 0; at < size; at += block.size())
    write_all(image, file(name), block);
  if (::fdatasync(image.get()) != 0) {
    throw HostError::from_errno("cannot write " + file(name), errno);
  }
}

bool takes_direct(const std::string& file) {
  return static_cast<bool>(Fd(::open(file.c_str(), O_RDWR | O_DIRECT | O_CLOEXEC)));
}

}  // namespace skiff::bench
