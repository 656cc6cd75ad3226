#include "vmm/kvm/kvm_system.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "tests/fakes/descriptor_limit.h"
#include "tests/kvm/require_kvm.h"
#include "vmm/base/bits.h"
#include "vmm/base/error.h"
#include "vmm/kvm/kvm_abi.h"
#include "vmm/kvm/kvm_vm.h"

namespace skiff {
namespace {

template <typename Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const HostError& error) {
    return error.what();
  }
  return "no exception";
}

TEST(KvmSystem, AnswersWhatEveryHostHas) {
  SKIFF_REQUIRE_KVM();
  const KvmSystem system;
  EXPECT_GT(system.vcpu_mmap_size(), sizeof(kvm_run));
  EXPECT_GE(system.max_vcpus(), system.recommended_vcpus());
  EXPECT_GE(system.recommended_vcpus(), 1U);
  EXPECT_GT(system.check_extension(KVM_CAP_IMMEDIATE_EXIT), 0);
  EXPECT_EQ(system.check_extension(1 << 20), 0) << "a capability that does not exist";
  EXPECT_NE(::fcntl(system.fd(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(KvmSystem, DescriptorLimitIsAnErrorWithAdvice) {
  SKIFF_REQUIRE_KVM();
  if (DescriptorLimit::sanitizer_needs_descriptors()) GTEST_SKIP() << "not under this sanitizer";
  const KvmSystem system;
  const GuestMemory memory({}, {});
  std::string message;
  {
    const DescriptorLimit limit;
    message = error_of([&] { const KvmVm vm(system, memory); });
  }
  EXPECT_THAT(message, testing::HasSubstr("cannot create a VM"));
  EXPECT_THAT(message, testing::HasSubstr("ulimit -n"));
}

TEST(KvmVm, SlotTheKernelRefusesIsAnErrorThatNamesIt) {
  SKIFF_REQUIRE_KVM();
  const KvmSystem system;
  // Past the greatest guest address any KVM has.
  const std::array ranges{Range{0, MiB}, Range{~0ULL - (MiB - 1), MiB}};
  const GuestMemory memory(ranges, {HugePages::off, false});
  KvmVm vm(system, memory);
  EXPECT_THAT(error_of([&] { vm.map_memory(); }),
              testing::HasSubstr("cannot give the guest 1 MiB of RAM at 0xfffffffffff00000"));
}

TEST(KvmVm, CreatesVcpusUpToTheHostsLimitAndSaysWhereItIs) {
  SKIFF_REQUIRE_KVM();
  const KvmSystem system;
  const GuestMemory memory({}, {});
  KvmVm vm(system, memory);
  std::vector<std::unique_ptr<KvmVcpu>> vcpus;
  for (std::uint32_t id = 0; id < 8; ++id) {
    vcpus.push_back(vm.create_vcpu(id));
    EXPECT_EQ(vcpus.back()->id(), id);
  }
  EXPECT_THAT(error_of([&] { vm.create_vcpu(3); }),
              testing::HasSubstr("cannot create vCPU 3: File exists"));
  EXPECT_THAT(error_of([&] { vm.create_vcpu(1U << 20); }),
              testing::AllOf(testing::HasSubstr("cannot create vCPU 1048576"),
                             testing::HasSubstr("this host")));
}

}  // namespace
}  // namespace skiff
