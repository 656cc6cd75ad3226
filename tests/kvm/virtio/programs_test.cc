// Every virtio guest program, over PCI and MMIO, on split and packed rings, polling and with
// interrupts. The drivers were written from the specification, apart from the devices.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/kvm/require_kvm.h"
#include "tests/kvm/virtio/virtio_machine.h"

namespace skiff::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct Way {
  std::string face;
  std::string words;  // of the guest's command line
};
void PrintTo(const Way& way, std::ostream* stream) {
  *stream << way.face << ' ' << way.words;
}

class VirtioPrograms : public testing::TestWithParam<Way> {
 protected:
  void SetUp() override { SKIFF_REQUIRE_KVM(); }

  Finished run(const VirtioMachine& machine, const std::string& program,
               const std::string& words = {}) const {
    return run_skiff(virtio_arguments(folder_, machine, program, GetParam().words + " " + words));
  }
  VirtioMachine machine(const std::string& kind) const {
    return {.face = GetParam().face, .devices = {kind}};
  }
  static void expect_all_well(const Finished& run, const std::string& program) {
    EXPECT_EQ(run.ending, 0) << run.out << run.err;
    EXPECT_THAT(run.out, Not(HasSubstr("FAIL")));
    EXPECT_THAT(run.out, HasSubstr(program + ": ok reset\n"));
  }

  const TemporaryFolder folder_;
};

TEST_P(VirtioPrograms, BlkWritesReadsAndIsRefusedWhatIsWrong) {
  const Finished finished = run(machine("blk"), "virtio-blk", "queues=2 depth=16 ops=48");
  expect_all_well(finished, "virtio-blk");
  EXPECT_THAT(finished.out, HasSubstr("capacity 32768 sectors"));
  EXPECT_THAT(finished.out, HasSubstr("ok zeroes read back"));
  EXPECT_THAT(finished.out, HasSubstr("ok discard"));
}

TEST_P(VirtioPrograms, BlkInAFileIsThereForTheNextGuest) {
  VirtioMachine with_file = machine("blk");
  const std::string path = folder_.write("disk.img", std::string(1 << 20, '\0'));
  with_file.disk = "path = \"" + path + "\"\nserial = \"a-serial-of-twenty-b\"\n";
  expect_all_well(run(with_file, "virtio-blk", "mode=write seed=7"), "virtio-blk");
  expect_all_well(run(with_file, "virtio-blk", "mode=verify seed=7"), "virtio-blk");
  EXPECT_EQ(run(with_file, "virtio-blk", "mode=verify seed=8").ending, 1);
  const Finished last = run(with_file, "virtio-blk");
  EXPECT_THAT(last.out, HasSubstr("id 'a-serial-of-twenty-b'"));
  with_file.disk += "read_only = true\n";
  const Finished read_only = run(with_file, "virtio-blk");
  expect_all_well(read_only, "virtio-blk");
  EXPECT_THAT(read_only.out, HasSubstr("ok write refused"));
}

TEST_P(VirtioPrograms, BlkWithoutIoeventfd) {
  VirtioMachine plain = machine("blk");
  plain.ioeventfd = false;
  expect_all_well(run(plain, "virtio-blk", "ops=8"), "virtio-blk");
}

TEST_P(VirtioPrograms, RngReadsDiffer) {
  expect_all_well(run(machine("rng"), "virtio-rng"), "virtio-rng");
}

TEST_P(VirtioPrograms, NetGetsAnAddressAndReachesItsRouter) {
  // Where the router answers pings depends on what may open ICMP sockets on the host.
  const Finished finished = run(machine("net"), "virtio-net", "ping=0");
  if (has_no_user_network(finished.ending, finished.err)) GTEST_SKIP() << finished.err;
  expect_all_well(finished, "virtio-net");
  EXPECT_THAT(finished.out, HasSubstr("ok dhcp offer"));
  EXPECT_THAT(finished.out, HasSubstr("ok arp"));
}

TEST_P(VirtioPrograms, NetPingsItsRouterInLibslirp) {
  VirtioMachine slirp = machine("net");
  slirp.net = "backend = \"libslirp\"\n";
  const Finished finished = run(slirp, "virtio-net", "ping=3");
  if (has_no_user_network(finished.ending, finished.err)) GTEST_SKIP() << finished.err;
  expect_all_well(finished, "virtio-net");
  EXPECT_THAT(finished.out, HasSubstr("ok ping"));
}

TEST_P(VirtioPrograms, ConsoleWritesToAFile) {
  VirtioMachine with_file = machine("console");
  with_file.port = "path = \"" + folder_.file("port") + "\"\n";
  expect_all_well(run(with_file, "virtio-console", "text=words bytes=5000"), "virtio-console");
  const std::string written = read_file(folder_.file("port"));
  EXPECT_EQ(written.size(), 6U + 5000U);
  EXPECT_THAT(written, testing::StartsWith("words\n0123456789:;<=>?@ABC"));
}

TEST_P(VirtioPrograms, ConsoleSendsBackWhatComesIn) {
  VirtioMachine terminal = machine("console");
  terminal.port = "target = \"console\"\n";
  SkiffProcess process(
      virtio_arguments(folder_, terminal, "virtio-console", GetParam().words + " echo text=ready"));
  ASSERT_TRUE(process.expect_out("ready\n")) << process.err();
  ASSERT_TRUE(process.send("over there and back\n\x04"));
  EXPECT_EQ(process.wait(), 0);
  EXPECT_EQ(process.out(), "ready\nover there and back\n");
}

INSTANTIATE_TEST_SUITE_P(
    Ways, VirtioPrograms,
    testing::Values(Way{"virtio", "ring=split"}, Way{"virtio", "ring=packed irq=msix"},
                    Way{"virtio", "ring=split irq=line"},
                    Way{"virtio", "ring=split irq=msix no-indirect no-event-idx"},
                    Way{"virtio-mmio", "ring=split irq=line"}, Way{"virtio-mmio", "ring=packed"},
                    Way{"virtio-mmio", "ring=packed irq=line no-indirect no-event-idx"}),
    [](const auto& way) {
      std::string name = way.param.face + "_" + way.param.words;
      for (char& c : name)
        if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
      return name;
    });

class VirtioPorts : public testing::Test {
 protected:
  void SetUp() override { SKIFF_REQUIRE_KVM(); }
};

TEST_F(VirtioPorts, TheSecondPortHasItsNameAndItsFile) {
  const TemporaryFolder folder;
  VirtioMachine machine{.devices = {"console", "console"}};
  machine.port = "path = \"" + folder.file("port") + "\"\n";
  // The same keys twice would be one file for two ports: the first goes nowhere.
  std::vector<std::string> arguments =
      virtio_arguments(folder, machine, "virtio-console", "multiport port=1 irq=msix");
  std::string text = read_file(folder.file("machine.toml"));
  const std::string path_line = machine.port;
  text.replace(text.find(path_line), path_line.size(), "target = \"null\"\nname = \"one\"\n");
  const std::size_t second = text.rfind("[[virtio_console]]");
  text = text.substr(0, second) + "[[virtio_console]]\nname = \"two\"\n" + path_line;
  folder.write("machine.toml", text);
  const Finished finished = run_skiff(arguments);
  EXPECT_EQ(finished.ending, 0) << finished.out << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("port 1 name 1 two"));
  EXPECT_EQ(read_file(folder.file("port")), "hello\n");
}

TEST(VirtioBench, PrintsARateForEachCombination) {
  SKIFF_REQUIRE_KVM();
  const TemporaryFolder folder;
  const Finished finished = run_skiff(virtio_arguments(folder, {.devices = {"blk"}}, "virtio-bench",
                                                       "requests=50 bytes=4096 irq=msix"));
  EXPECT_EQ(finished.ending, 0) << finished.out << finished.err;
  EXPECT_THAT(finished.out,
              testing::ContainsRegex("read bytes=4096 depth=32 requests=50 cycles=[0-9]+ rps="));
  EXPECT_THAT(finished.err, IsEmpty());
}

}  // namespace
}  // namespace skiff::test
