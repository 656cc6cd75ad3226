// The program as a user runs it: output, streams, exit statuses. SKIFF_PROGRAM is its path.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "vmm/base/exit_status.h"

namespace skiff {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

struct Outcome {
  int status;
  std::string out;
};

// By the shell; stdout is caught, and stderr too where the command says 2>&1.
Outcome shell(const std::string& command) {
  std::FILE* pipe = ::popen(command.c_str(), "r");
  Outcome outcome{-1, {}};
  std::array<char, 4096> buffer;
  while (const auto got = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    outcome.out.append(buffer.data(), got);
  }
  const int status = ::pclose(pipe);
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome;
}

Outcome skiff(const std::string& arguments) {
  return shell(std::string(SKIFF_PROGRAM) + " " + arguments);
}

bool has(const std::string& tool) {
  return shell("command -v " + tool + " >/dev/null").status == 0;
}

class Cli : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/skiff-cli-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    std::ofstream(folder_ + "/kernel") << "kernel";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string write(const std::string& text) {
    std::ofstream(folder_ + "/vm.toml") << text;
    return folder_ + "/vm.toml";
  }

  std::string folder_;
};

TEST_F(Cli, VersionAndHelpGoToStdout) {
  EXPECT_THAT(skiff("--version").out, testing::MatchesRegex("skiff [0-9.]+\n"));
  const auto help = skiff("--help");
  EXPECT_EQ(help.status, 0);
  for (const char* part : {"Usage: skiff", "Commands:", "Options:", "Examples:", "Exit status:"}) {
    EXPECT_THAT(help.out, HasSubstr(part));
  }
  EXPECT_EQ(skiff("help").out, help.out);
  EXPECT_EQ(skiff("help run").out, skiff("run --help").out);
  EXPECT_THAT(skiff("run -h").out, HasSubstr("--initrd FILE"));
}

TEST_F(Cli, NoCommandIsAnErrorWithHelpOnStderr) {
  EXPECT_THAT(skiff("2>/dev/null").out, IsEmpty());
  EXPECT_EQ(skiff("2>/dev/null").status, exit_status::kUsage);
  EXPECT_THAT(skiff("2>&1").out, HasSubstr("Commands:"));
}

TEST_F(Cli, UsageErrorsGoToStderrWithTheirStatus) {
  const auto outcome = skiff("rnu 2>&1 >/dev/null");
  EXPECT_EQ(outcome.status, exit_status::kUsage);
  EXPECT_EQ(outcome.out, "skiff: unknown command \"rnu\"; did you mean \"run\"?\n");
  EXPECT_THAT(skiff("run 2>&1").out, HasSubstr("needs a configuration file or --kernel"));
  EXPECT_EQ(skiff("run 2>/dev/null").status, exit_status::kUsage);
  EXPECT_THAT(skiff("help chek 2>&1").out, HasSubstr("did you mean \"check\"?"));
}

TEST_F(Cli, CheckOfASoundConfiguration) {
  const auto outcome =
      skiff("check " + write("[machine]\nvcpus = 2\nmemory = '1G'\n[boot]\nkernel = 'kernel'\n"));
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, "ok: " + folder_ + "/vm.toml: skiff: 2 vCPUs, 1G RAM, kernel " + folder_ +
                             "/kernel (auto), COM1 on the console\n");
}

TEST_F(Cli, CheckOfABrokenConfigurationPrintsAllErrorsToStderr) {
  const auto outcome =
      skiff("check " + write("[machine]\nvcpu = 2\nmemory = 1\n") + " 2>&1 >/dev/null");
  EXPECT_EQ(outcome.status, exit_status::kUsage);
  EXPECT_THAT(outcome.out, HasSubstr("vm.toml:2:1: error: unknown key \"vcpu\""));
  EXPECT_THAT(outcome.out, HasSubstr("vm.toml:3:10: error: machine.memory is 1 byte;"));
  EXPECT_THAT(outcome.out, HasSubstr("boot.kernel is missing"));
}

TEST_F(Cli, SetReachesCheckAndRun) {
  const auto file = write("boot.kernel = 'kernel'\n");
  EXPECT_THAT(skiff("check " + file + " --set machine.vcpus=3").out, HasSubstr("3 vCPUs"));
  const auto bad = skiff("run " + file + " --set machine.vcpu=3 2>&1");
  EXPECT_EQ(bad.status, exit_status::kUsage);
  EXPECT_THAT(bad.out, StartsWith("--set machine.vcpu=3: error: unknown key \"vcpu\""));
  EXPECT_THAT(skiff("run " + file + " --memory lots 2>&1").out,
              StartsWith("--memory lots: error: machine.memory \"lots\" is not a size"));
  EXPECT_THAT(skiff("run --kernel /no/such 2>&1").out,
              HasSubstr("--kernel /no/such: error: boot.kernel \"/no/such\" cannot be found"));
}

TEST_F(Cli, AFullDiskIsAHostErrorAndAClosedPipeIsNone) {
  EXPECT_EQ(skiff("--help >/dev/full 2>/dev/null").status, exit_status::kHost);
  EXPECT_THAT(skiff("--help 2>&1 >/dev/full").out, HasSubstr("cannot write to stdout"));
  EXPECT_EQ(skiff("--help >&- 2>/dev/null").status, exit_status::kHost);
  EXPECT_THAT(skiff("--help 2>&1 | true").out, IsEmpty());
}

TEST_F(Cli, LogFileThatCannotBeOpened) {
  const auto outcome = skiff("check --log-file " + folder_ + " 2>&1");
  EXPECT_EQ(outcome.status, exit_status::kHost);
  EXPECT_THAT(outcome.out, HasSubstr("cannot log to a file"));
}

TEST_F(Cli, ManPageRendersWithoutAWarning) {
  const auto page = skiff("help --man");
  EXPECT_THAT(page.out, StartsWith(".TH SKIFF 1"));
  for (const char* section : {"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS"}) {
    EXPECT_THAT(page.out, HasSubstr(std::string(".SH ") + section));
  }
  if (!has("groff")) GTEST_SKIP() << "groff is not installed: the page is not rendered";
  const auto warnings = skiff("help --man | groff -man -Tutf8 -ww 2>&1 >/dev/null");
  EXPECT_THAT(warnings.out, IsEmpty());
}

TEST_F(Cli, BashCompletionOffersOptionsValuesAndKeys) {
  if (!has("bash")) GTEST_SKIP() << "bash is not installed";
  // Loads the script, completes the words given, prints the candidates.
  const auto complete = [&](const std::string& words) {
    std::ofstream(folder_ + "/complete.sh")
        << "eval \"$(" << SKIFF_PROGRAM << " help --completion bash)\"\n"
        << "compopt() { :; }\nCOMP_WORDS=(" << words << ")\n"
        << "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_skiff\necho \"${COMPREPLY[*]}\"\n";
    return shell("cd " + folder_ + " && bash complete.sh 2>&1").out;
  };
  EXPECT_EQ(complete("skiff c"), "console check\n");
  EXPECT_EQ(complete("skiff run --mem"), "--memory\n");
  EXPECT_EQ(complete("skiff run --set machine.v"), "machine.vcpus=\n");
  EXPECT_EQ(complete("skiff run --log-level d"), "debug\n");
  EXPECT_EQ(complete("skiff run --kernel ker"), "kernel\n");
  EXPECT_EQ(complete("skiff help ru"), "run\n");
  write("");
  EXPECT_EQ(complete("skiff run v"), "vm.toml\n");
  EXPECT_THAT(complete("skiff run --st"), HasSubstr("--stats=json"));
}

TEST_F(Cli, HostCheckPrintsATableAndJson) {
  const auto table = skiff("check");
  EXPECT_TRUE(table.status == 0 || table.status == exit_status::kHost) << table.status;
  for (const char* part : {"/dev/kvm", "memory", "io_uring", "locked memory", "open files"}) {
    EXPECT_THAT(table.out, HasSubstr(part));
  }
  const auto json = skiff("check --json");
  EXPECT_EQ(json.status, table.status);
  EXPECT_THAT(json.out, HasSubstr(table.status == 0 ? "\"usable\": true" : "\"usable\": false"));
  if (has("python3")) {
    EXPECT_EQ(skiff("check --json | python3 -m json.tool >/dev/null").status, 0);
  }
}

TEST_F(Cli, HostCheckNamesTheGroupThatMayOpenKvm) {
  if (::geteuid() != 0 || !has("setpriv") || ::access("/dev/kvm", F_OK) != 0) {
    GTEST_SKIP() << "needs root, setpriv and /dev/kvm";
  }
  // The build folder may be closed to other users; a copy elsewhere is not.
  const std::string copy = folder_ + "/skiff";
  std::filesystem::copy_file(SKIFF_PROGRAM, copy);
  std::filesystem::permissions(folder_, std::filesystem::perms(0755));
  std::filesystem::permissions(copy, std::filesystem::perms(0755));
  const auto outcome =
      shell("cd / && setpriv --reuid 65534 --regid 65534 --clear-groups " + copy + " check 2>&1");
  if (outcome.status == 0) GTEST_SKIP() << "everyone may open /dev/kvm here";
  EXPECT_EQ(outcome.status, exit_status::kHost);
  EXPECT_THAT(outcome.out, HasSubstr("cannot be opened (mode "));
  EXPECT_THAT(outcome.out, HasSubstr("group"));
  EXPECT_THAT(outcome.out, HasSubstr("sudo "));
  EXPECT_THAT(outcome.out, HasSubstr("This host cannot run virtual machines"));
}

}  // namespace
}  // namespace skiff
