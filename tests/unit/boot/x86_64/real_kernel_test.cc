// A distribution's kernel, named by SKIFF_TEST_KERNEL (a bzImage with a PVH entry, as Debian's
// are).
#include <cstdlib>

#include "tests/unit/boot/x86_64/x86_images.h"

namespace skiff::test {
namespace {

using ::testing::HasSubstr;

TEST(RealKernel, LoadsByEveryProtocolItSpeaks) {
  const char* const path = std::getenv("SKIFF_TEST_KERNEL");
  if (path == nullptr) {
    GTEST_SKIP() << "SKIFF_TEST_KERNEL does not name a kernel (guest/fetch-kernel.sh fetches one)";
  }
  constexpr std::uint64_t kSize = 256 * MiB;
  const Range ranges[] = {{0, kSize}};
  for (const auto& [protocol, description] :
       {std::pair{BootRequest::Protocol::auto_detect, "unpacked by Skiff"},
        {BootRequest::Protocol::linux64, "unpacks itself"},
        {BootRequest::Protocol::pvh, "PVH entry"}}) {
    const GuestMemory memory(ranges, {.huge_pages = HugePages::off});
    BootRequest request{.memory = memory};
    request.kernel = path;
    request.protocol = protocol;
    request.memory_map = {{{0, 0x9'fc00}, MemoryType::usable},
                          {{MiB, kSize - MiB}, MemoryType::usable}};
    const BootState state = load_guest(request);
    EXPECT_THAT(state.description, HasSubstr(description));
    EXPECT_NE(memory.load<std::uint64_t>(GuestAddress(state.rip)), 0U);
    std::string banner = "Linux version ";
    bool found = protocol == BootRequest::Protocol::linux64;  // still packed there
    for (const NamedRange& taken : state.ranges) {
      const auto bytes = *memory.slice(GuestAddress(taken.range.start), taken.range.size);
      found |= std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size())
                   .find(banner) != std::string_view::npos;
    }
    EXPECT_TRUE(found);
  }
}

}  // namespace
}  // namespace skiff::test
