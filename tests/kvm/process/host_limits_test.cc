// A host that refuses something: no /dev/kvm, no descriptors, no memory, no threads.
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "tests/kvm/process/skiff_process.h"
#include "tests/kvm/require_kvm.h"

namespace skiff::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class HostLimits : public testing::Test {
 protected:
  void SetUp() override { SKIFF_REQUIRE_KVM(); }

  static std::function<bool()> with_limit(__rlimit_resource resource, rlim_t value) {
    return [=] {
      const rlimit limit{value, value};
      return ::setrlimit(resource, &limit) == 0;
    };
  }
  // It runs, or says in one line what it lacks.
  static bool expect_run_or_error(const std::function<bool()>& in_child, rlim_t limit,
                                  const std::string& about) {
    const Finished run = run_skiff(guest_arguments("hello"), {.in_child = in_child}, 30s);
    if (run.ending == 0) {
      EXPECT_EQ(run.out, "hello from the guest\n");
      return true;
    }
    EXPECT_EQ(run.ending, 121) << "limit " << limit << ": " << run.err;
    EXPECT_THAT(run.err, HasSubstr(about)) << "limit " << limit;
    EXPECT_EQ(std::ranges::count(run.err, '\n'), 1) << "limit " << limit << ": " << run.err;
    EXPECT_THAT(run.out, IsEmpty());
    return false;
  }
};

TEST_F(HostLimits, OpenFiles) {
  bool ran = false;
  // Below 4 the program's own libraries cannot be loaded.
  for (rlim_t limit = 5; limit <= 40; ++limit)
    ran = expect_run_or_error(with_limit(RLIMIT_NOFILE, limit), limit, "ulimit -n");
  EXPECT_TRUE(ran) << "40 descriptors are enough for a small machine";
}

TEST_F(HostLimits, AddressSpace) {
  // Below 9 the program and its libraries are not loaded, or have no room for what is made before
  // main.
  for (const rlim_t mebibytes : {12U, 16U, 32U, 40U, 44U, 48U, 64U, 256U}) {
    expect_run_or_error(with_limit(RLIMIT_AS, mebibytes << 20), mebibytes, "ulimit -v");
  }
}

TEST_F(HostLimits, AddressSpaceOfAMachineWithManyVcpus) {
  for (const rlim_t mebibytes : {48U, 64U, 96U, 128U, 256U}) {
    const Finished run = run_skiff(guest_arguments("hello", {}, {"--vcpus", "64"}),
                                   {.in_child = with_limit(RLIMIT_AS, mebibytes << 20)}, 30s);
    if (run.ending == 0) continue;
    EXPECT_EQ(run.ending, 121) << mebibytes << ": " << run.err;
    EXPECT_EQ(std::ranges::count(run.err, '\n'), 1) << mebibytes << ": " << run.err;
  }
}

TEST_F(HostLimits, Stack) {
  expect_run_or_error(with_limit(RLIMIT_STACK, 256 << 10), 256 << 10, "");
}

// A write past RLIMIT_FSIZE raises SIGXFSZ, whose default action is a core dump.
TEST_F(HostLimits, FileSize) {
  const TemporaryFolder folder;
  const Finished run =
      run_skiff(guest_arguments("flood", "kb=16",
                                {"--set", "serial.0.unit=1", "--set", "serial.0.target=file",
                                 "--set", "serial.0.path=" + folder.file("serial")}),
                {.in_child = with_limit(RLIMIT_FSIZE, 4096)});
  EXPECT_EQ(run.ending, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("File too large"));
  EXPECT_EQ(read_file(folder.file("serial")).size(), 4096U);
}

bool become_nobody() {
  return ::setgroups(0, nullptr) == 0 && ::setresgid(65534, 65534, 65534) == 0 &&
         ::setresuid(65534, 65534, 65534) == 0;
}

// In a mount namespace of the child's own.
bool hide_kvm(const char* behind) {
  return ::unshare(CLONE_NEWNS) == 0 &&
         ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         (behind == nullptr ? ::mount("tmpfs", "/dev", "tmpfs", 0, nullptr) == 0
                            : ::mount(behind, "/dev/kvm", nullptr, MS_BIND, nullptr) == 0);
}

TEST_F(HostLimits, KvmForbidden) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody else";
  struct stat status{};
  ASSERT_EQ(::stat("/dev/kvm", &status), 0);
  if ((status.st_mode & 0006) != 0) GTEST_SKIP() << "/dev/kvm is open to everybody here";
  const TemporaryFolder folder;
  ASSERT_EQ(::access(SKIFF_PROGRAM, X_OK), 0);
  const Finished run = run_skiff(guest_arguments("hello"), {.in_child = become_nobody});
  if (run.ending == 98) GTEST_SKIP() << "the build folder is closed to other users";
  EXPECT_EQ(run.ending, 121);
  EXPECT_THAT(run.err, HasSubstr("/dev/kvm"));
  EXPECT_THAT(run.err, HasSubstr("usermod -aG"));
  EXPECT_EQ(std::ranges::count(run.err, '\n'), 1) << run.err;
}

TEST_F(HostLimits, KvmMissing) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, for a mount namespace";
  const Finished run =
      run_skiff(guest_arguments("hello"), {.in_child = [] { return hide_kvm(nullptr); }});
  if (run.ending == 99) GTEST_SKIP() << "no mount namespaces here";
  EXPECT_EQ(run.ending, 121);
  EXPECT_THAT(run.err, HasSubstr("/dev/kvm is missing"));
  EXPECT_EQ(std::ranges::count(run.err, '\n'), 1) << run.err;
}

TEST_F(HostLimits, KvmThatIsSomethingElse) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, for a mount namespace";
  const Finished run =
      run_skiff(guest_arguments("hello"), {.in_child = [] { return hide_kvm("/dev/null"); }});
  if (run.ending == 99) GTEST_SKIP() << "no mount namespaces here";
  EXPECT_EQ(run.ending, 121);
  EXPECT_THAT(run.err, HasSubstr("/dev/kvm"));
}

}  // namespace
}  // namespace skiff::test
