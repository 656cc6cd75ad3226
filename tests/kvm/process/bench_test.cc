// `skiff bench` as a user runs it, with the guests of guest/ on this host's /dev/kvm.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <boost/json.hpp>
#include <cmath>
#include <filesystem>

#include "tests/kvm/process/skiff_process.h"
#include "tests/kvm/require_kvm.h"
#include "vmm/kvm/kvm_system.h"

namespace skiff::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class Bench : public testing::Test {
 protected:
  void SetUp() override { SKIFF_REQUIRE_KVM(); }

  std::vector<std::string> words(std::vector<std::string> more) const {
    std::vector<std::string> all = {"bench", "--scratch", folder.file("")};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  json::value report(const std::string& name = "report.json") const {
    boost::system::error_code error;
    const std::string text = read_file(folder.file(name));
    json::value document = json::parse(text, error);
    EXPECT_FALSE(error) << text;
    return document;
  }
  static double median(const json::value& report, const std::string& id,
                       const std::string& metric) {
    for (const json::value& cell : report.at("cells").as_array()) {
      if (cell.at("id").as_string() != id) continue;
      const auto& metrics = cell.at("metrics").as_object();
      if (!metrics.contains(metric)) {
        ADD_FAILURE() << id << " has no " << metric << ": " << cell.at("trouble");
        return -1;
      }
      return metrics.at(metric).at("median").to_number<double>();
    }
    ADD_FAILURE() << "no cell " << id;
    return -1;
  }
  // Of another number of the cell.
  static double number(const json::value& report, const std::string& id, const char* name) {
    for (const json::value& cell : report.at("cells").as_array()) {
      if (cell.at("id").as_string() == id) return cell.at(name).to_number<double>();
    }
    return 0;
  }
  // What the host itself interrupted; KVM counts those as exits too.
  static double host_interrupts(const json::value& report, const std::string& id) {
    for (const json::value& cell : report.at("cells").as_array()) {
      if (cell.at("id").as_string() != id) continue;
      const json::value* const count = cell.at("kvm").as_object().if_contains("irq_exits");
      return count == nullptr ? 0 : count->to_number<double>();
    }
    return 0;
  }
  // A busy machine lets the guest measure so few requests that the handful of exits at the loop's
  // two ends shows: per request.
  static double ends(const json::value& report, const std::string& id) {
    return 40 / number(report, id, "requests");
  }
  // Nothing but what the test itself asked for.
  std::vector<std::string> left_behind() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder.file(""))) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with("skiff-bench-")) names.push_back(name);
    }
    return names;
  }

  TemporaryFolder folder;
};

TEST_F(Bench, TheLedgerAgreesWithKvmsOwnCount) {
  const Finished run = run_skiff(
      words({"--filter", "doorbell/kernel/*-write", "--filter", "doorbell/kernel/ioeventfd-mmio",
             "--filter", "doorbell/kernel/coalesced-mmio", "--runs", "2", "--json",
             folder.file("report.json")}),
      {}, 120s);
  ASSERT_EQ(run.ending, 0) << run.err << run.out;
  const json::value found = report();
  for (const char* const cell : {"doorbell/kernel/port-write", "doorbell/kernel/mmio-write"}) {
    const double ours = median(found, cell, "user_exits");
    const double kvms = median(found, cell, "kvm_exits");
    const double odd = ends(found, cell);
    EXPECT_NEAR(ours, 1, 0.001 + odd) << cell;
    EXPECT_NEAR((kvms - host_interrupts(found, cell)) / ours, 1, 0.01 + odd) << cell;
  }
  const std::string bell = "doorbell/kernel/ioeventfd-mmio";
  EXPECT_LT(median(found, bell, "user_exits"), 0.001 + ends(found, bell));
  EXPECT_NEAR(median(found, bell, "kvm_exits") - host_interrupts(found, bell), 1,
              0.01 + ends(found, bell));
  // One exit for each ring that is full, of 170; were the register another's, it were one each.
  if (KvmSystem().coalesced_page() != 0) {
    const std::string kept = "doorbell/kernel/coalesced-mmio";
    EXPECT_LT(median(found, kept, "user_exits"), 0.02 + ends(found, kept));
    EXPECT_GT(median(found, kept, "kvm_exits"), 0.9);
  }
  EXPECT_THAT(run.out, HasSubstr("kernel/port-write"));
  EXPECT_THAT(run.err, IsEmpty()) << "no progress line where stderr is no terminal";
  EXPECT_THAT(left_behind(), IsEmpty());
}

TEST_F(Bench, TheStoryOfDisksIsVisible) {
  const Finished run =
      run_skiff(words({"--filter", "disk/virtio-pci/memory/read-4096-d*", "--filter",
                       "disk/ide,pio/memory/read-4096-d1", "--filter",
                       "disk/virtio-pci/file/read-4096-d1", "--runs", "2", "--json",
                       folder.file("report.json"), "--html", folder.file("report.html")}),
                {}, 120s);
  ASSERT_EQ(run.ending, 0) << run.err << run.out;
  const json::value found = report();
  const double pio = median(found, "disk/ide,pio/memory/read-4096-d1", "user_exits");
  const double virtio = median(found, "disk/virtio-pci/memory/read-4096-d1", "user_exits");
  EXPECT_GE(pio, 5 * (virtio - ends(found, "disk/virtio-pci/memory/read-4096-d1")));
  EXPECT_GE(pio, 5);
  const std::string deep = "disk/virtio-pci/memory/read-4096-d32";
  EXPECT_LT(median(found, deep, "user_exits"), 0.01 + ends(found, deep));
  EXPECT_GT(median(found, "disk/virtio-pci/file/read-4096-d1", "io_us"), 0);
  EXPECT_THAT(run.out, HasSubstr("ide,pio against virtio-pci"));
  EXPECT_THAT(read_file(folder.file("report.html")), StartsWith("<!DOCTYPE html>"));
  EXPECT_THAT(left_behind(), IsEmpty());
  const Finished same =
      run_skiff({"bench", "compare", folder.file("report.json"), folder.file("report.json")});
  EXPECT_EQ(same.ending, 0) << same.err;
  EXPECT_THAT(same.out, HasSubstr("no number differs"));
}

TEST_F(Bench, AStopEndsTheGuestsAndTellsWhatThereWas) {
  SkiffProcess process(words({"--filter", "doorbell/kernel/*-write", "--runs", "1000", "--json",
                              folder.file("report.json")}));
  const auto scratch = [this] { return left_behind(); };
  for (int tries = 0; tries < 600 && scratch().empty(); ++tries)
    process.run_for(50ms);
  ASSERT_EQ(scratch().size(), 1U);
  // A VM of its own runs by now.
  const std::string vms = folder.file(scratch()[0]) + "/skiff";
  for (int tries = 0; tries < 600 && !fs::exists(vms + "/b2"); ++tries)
    process.run_for(50ms);
  process.kill(SIGTERM);
  const Ending ending = process.wait();
  EXPECT_EQ(ending, 143) << process.err();
  EXPECT_THAT(process.out(), HasSubstr("stopped before its end"));
  EXPECT_TRUE(report().at("partial").as_bool());
  EXPECT_GT(median(report(), "doorbell/kernel/port-write", "user_exits"), 0);
  EXPECT_THAT(left_behind(), IsEmpty());
  const Finished others = run_skiff({"ps"});
  EXPECT_THAT(others.out, testing::Not(HasSubstr("b2")));
}

TEST_F(Bench, MistakesAreSaid) {
  struct Mistake {
    std::vector<std::string> words;
    std::string said;
  };
  const std::vector<Mistake> mistakes = {
      {{"bench", "--filter", "disk/floppy/*"}, "no cell fits --filter"},
      {{"bench", "--quick", "--full"}, "--quick and --full"},
      {{"bench", "--runs", "0"}, "from 1 to 1000"},
      {{"bench", "--vs", "vmware"}, "does not know \"vmware\""},
      {{"bench", "--vs", "qemu", "--vs-path", "qemu=/nonexistent"}, "/nonexistent cannot be run"},
      {{"bench", "--guests", "/nonexistent"}, "is not in /nonexistent"},
      {{"bench", "--json", "/nonexistent/x"}, "cannot be written"},
      {{"bench", "comapre"}, "does not know \"comapre\""},
      {{"bench", "linux"}, "needs --kernel FILE"},
      {{"bench", "linux", "--kernel", "/nonexistent"},
       "--kernel cannot be found: /nonexistent: No such file or directory"},
      {{"bench", "linux", "--kernel", "/proc/version"},
       "the initramfs cannot be found: /proc/bench.cpio.gz: No such file or directory; guest/"},
      {{"bench", "linux", "--kernel", "/proc/version", "--initramfs", "/"},
       "--initramfs is a directory, not a regular file: /"},
      {{"bench", "linux", "--filter", "doorbell/*"}, "`skiff bench linux --list --full`"},
      {{"bench", "linux", "--vs", "qemu"}, "has no --vs"},
      {{"bench", "linux", "vmlinuz"}, "nothing like \"vmlinuz\""},
      {{"bench", "--kernel", "/proc/version"}, "--kernel is of `skiff bench linux`"},
      {{"bench", "--patience", "0"}, "--patience is \"0\"; it must be a number from 1 to 3600"},
      {{"bench", "compare", "/nonexistent"}, "needs two reports"},
      {{"bench", "compare", "/nonexistent", "/dev/null"}, "cannot be read"},
      {{"bench", "compare", "/dev/null", "/dev/null"}, "/dev/null is no JSON"},
  };
  for (const Mistake& mistake : mistakes) {
    const Finished run = run_skiff(mistake.words);
    EXPECT_EQ(run.ending, 120) << mistake.said;
    EXPECT_THAT(run.err, HasSubstr(mistake.said));
  }
  const Finished nowhere =
      run_skiff({"bench", "--filter", "doorbell/kernel/port-write", "--scratch", "/nonexistent"});
  EXPECT_EQ(nowhere.ending, 121);
  EXPECT_THAT(nowhere.err, HasSubstr("cannot make a folder in /nonexistent"));
}

TEST_F(Bench, TheListSaysWhatWouldBeMeasured) {
  const Finished quick = run_skiff({"bench", "--list", "--quick"});
  EXPECT_EQ(quick.ending, 0);
  EXPECT_THAT(quick.out, HasSubstr("disk/virtio-pci/memory/read-4096-d32\n"));
  const Finished full = run_skiff({"bench", "--list", "--full"});
  EXPECT_GT(full.out.size(), 10 * quick.out.size());
  const Finished linux_guest = run_skiff({"bench", "linux", "--list"});
  EXPECT_EQ(linux_guest.ending, 0) << "a list needs no kernel";
  EXPECT_THAT(linux_guest.out, HasSubstr("net/e1000/split/pingpong-64\n"));
}

// A kernel that does not boot is trouble of its cells, in the words of who met it.
TEST_F(Bench, AKernelThatIsNoneIsSaid) {
  folder.write("vmlinuz", "no kernel at all");
  folder.write("initramfs", "nor an initramfs");
  const Finished run = run_skiff(
      words({"linux", "--kernel", folder.file("vmlinuz"), "--initramfs", folder.file("initramfs"),
             "--filter", "disk/nvme/memory/read-4096-d1", "--runs", "1"}),
      {}, 60s);
  EXPECT_EQ(run.ending, 121) << run.err << run.out;
  EXPECT_THAT(run.out, HasSubstr("failed"));
  EXPECT_THAT(run.out, HasSubstr("vmlinuz"));
  EXPECT_THAT(left_behind(), IsEmpty());
}

}  // namespace
}  // namespace skiff::test
