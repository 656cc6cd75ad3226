#include "vmm/boot/kernel_image.h"
#include "tests/fakes/descriptor_limit.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/boot/boot_images.h"

namespace skiff {
namespace {

using test::error_of;
using ::testing::HasSubstr;

class KernelImageTest : public ::testing::Test {
 protected:
  KernelImageTest() {
    char name[] = "/tmp/skiff-boot-XXXXXX";
    directory_ = ::mkdtemp(name);
  }
  ~KernelImageTest() override { std::filesystem::remove_all(directory_); }

  std::string path(std::string_view name) const { return directory_ + "/" + std::string(name); }
  std::string write(std::string_view name, std::string_view text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }
  static std::string refusal(const std::string& file) {
    return error_of<ConfigError>([&] { KernelImage::open(file, "kernel"); });
  }

  std::string directory_;
};

TEST_F(KernelImageTest, ReadsWhatIsThere) {
  KernelImage image = KernelImage::open(write("k", "0123456789"), "kernel");
  EXPECT_EQ(image.size(), 10U);
  std::byte out[4];
  image.read(3, out);
  EXPECT_EQ(std::memcmp(out, "3456", 4), 0);
}

TEST_F(KernelImageTest, ReadingPastTheEndSaysSo) {
  KernelImage image = KernelImage::open(write("k", "0123456789"), "kernel");
  std::byte out[4];
  EXPECT_THAT(error_of<ConfigError>([&] { image.read(7, out); }), HasSubstr("cut short"));
  EXPECT_THAT(error_of<ConfigError>([&] { image.read(~0ULL, out); }), HasSubstr("cut short"));
}

TEST_F(KernelImageTest, TruncationWhileReadingIsAnErrorAndNoSignal) {
  const std::string file = write("k", std::string(100'000, 'x'));
  KernelImage image = KernelImage::open(file, "kernel");
  std::filesystem::resize_file(file, 5000);
  std::vector<std::byte> out(100'000);
  EXPECT_THAT(error_of<ConfigError>([&] { image.read(0, out); }),
              HasSubstr("cut to 5000 bytes while"));
}

TEST_F(KernelImageTest, RefusesWhatIsNoRegularFile) {
  EXPECT_THAT(refusal(directory_), HasSubstr(directory_ + " is a directory"));
  EXPECT_THAT(refusal("/dev/null"), HasSubstr("/dev/null is a character device"));
  EXPECT_THAT(refusal(write("empty", "")), HasSubstr("is empty"));
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_THAT(refusal(path("fifo")), HasSubstr("is a FIFO"));  // and does not wait for a writer
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path("socket").c_str(), sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_THAT(refusal(path("socket")), HasSubstr("socket"));
  ::close(socket);
}

TEST_F(KernelImageTest, NamesTheMissingFileAndWhereItLooked) {
  EXPECT_THAT(refusal("/nowhere/vmlinuz"), HasSubstr("/nowhere/vmlinuz: No such file"));
  EXPECT_THAT(refusal("nowhere/vmlinuz"),
              HasSubstr("(looked at " + std::filesystem::current_path().string() + "/nowhere"));
  EXPECT_THAT(refusal(""), HasSubstr("set boot.kernel"));
  EXPECT_THAT(refusal(std::string("/a\0b", 4)), HasSubstr("NUL"));
  EXPECT_THAT(refusal(std::string(5000, 'x')), HasSubstr("too long"));
}

TEST_F(KernelImageTest, DescriptorLimitIsTheHostsFault) {
  if (DescriptorLimit::sanitizer_needs_descriptors()) GTEST_SKIP() << "not under this sanitizer";
  const std::string file = write("k", "0123456789");
  rlimit old{};
  ::getrlimit(RLIMIT_NOFILE, &old);
  const rlimit none{3, old.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  std::string what;
  try {
    KernelImage::open(file, "kernel");
  } catch (const HostError& error) {
    what = error.what();
  }
  ::setrlimit(RLIMIT_NOFILE, &old);
  EXPECT_THAT(what, HasSubstr("Too many open files"));
}

}  // namespace
}  // namespace skiff
