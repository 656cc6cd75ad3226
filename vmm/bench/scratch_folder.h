// A folder of our own that goes away with us.
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <string>

namespace skiff::bench {

class ScratchFolder {
 public:
  // In `base`. Throws HostError.
  explicit ScratchFolder(const std::string& base);
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  // Throws HostError.
  void write(const std::string& name, const std::string& text) const;
  // A file of `size` bytes, all of them written, so that no cell is the one that makes the file
  // grow. Throws HostError.
  void write_image(const std::string& name, std::uint64_t size) const;

 private:
  std::string path_;
};

// Whether the file can be opened with O_DIRECT.
bool takes_direct(const std::string& file);

}  // namespace skiff::bench
