// The DSDT under ACPICA's own tools: iasl takes it apart and compiles it again without a word of
// complaint, acpiexec loads it and evaluates what a guest evaluates.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/unit/acpi/sample_platform.h"
#include "vmm/boot/x86_64/acpi/dsdt.h"

namespace skiff::acpi_test {
namespace {

bool have(const std::string& tool) {
  return std::system(("command -v " + tool + " >/dev/null 2>&1").c_str()) == 0;
}

class DsdtTools : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "skiff-acpi-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void write_dsdt(const AcpiPlatform& platform) {
    std::ofstream out(directory_ / "dsdt.dat", std::ios::binary);
    out << acpi::dsdt(platform);
  }
  std::string run(const std::string& command) {
    const std::string line = "cd " + directory_.string() + " && " + command + " 2>&1";
    std::FILE* const pipe = popen(line.c_str(), "r");
    std::string output;
    for (int c = 0; (c = std::fgetc(pipe)) != EOF;)
      output.push_back(static_cast<char>(c));
    status_ = pclose(pipe);
    return output;
  }

  std::filesystem::path directory_;
  int status_ = 0;
};

TEST_F(DsdtTools, IaslTakesItApartAndCompilesItAgain) {
  if (!have("iasl")) GTEST_SKIP() << "iasl (acpica-tools) is not installed";
  for (const std::uint32_t vcpus : {1U, 2U, 300U}) {
    write_dsdt(sample_platform(vcpus));
    const std::string taken_apart = run("iasl -d dsdt.dat");
    ASSERT_EQ(status_, 0) << taken_apart;
    EXPECT_EQ(taken_apart.find("Error"), std::string::npos) << taken_apart;
    EXPECT_EQ(taken_apart.find("Warning"), std::string::npos) << taken_apart;
    const std::string compiled = run("iasl -vr dsdt.dsl");
    EXPECT_EQ(status_, 0) << compiled;
    EXPECT_NE(compiled.find("0 Errors, 0 Warnings"), std::string::npos) << compiled;
  }
}

TEST_F(DsdtTools, AcpiexecEvaluatesWhatAGuestDoes) {
  if (!have("acpiexec")) GTEST_SKIP() << "acpiexec (acpica-tools) is not installed";
  write_dsdt(sample_platform());
  std::string batch;
  for (const char* const command :
       {"evaluate \\_S5", "evaluate \\_SB.PCI0._CRS", "evaluate \\_SB.COM1._CRS", "prt",
        "resources \\_SB.PCI0", "resources \\_SB.COM1", "resources \\_SB.HIGH",
        "resources \\_SB.VIO0", "resources \\_SB.MBRD", "evaluate \\_SB.C001._UID",
        "evaluate \\_SB.PCI0._OSC (5B4DDB33F71F1C4096577441C03DD766) 1 3"
        " (000000001F0000001F000000)",
        "evaluate \\_SB.PCI0._OSC (00000000000000000000000000000000) 1 3"
        " (000000001F0000001F000000)"}) {
    batch += std::string(batch.empty() ? "" : "; ") + command;
  }
  const std::string output = run("acpiexec -b '" + batch + "' dsdt.dat");
  EXPECT_EQ(status_, 0);
  EXPECT_EQ(output.find("ACPI Error"), std::string::npos) << output;
  EXPECT_EQ(output.find("ACPI Warning"), std::string::npos) << output;
  EXPECT_EQ(output.find("ACPI BIOS"), std::string::npos) << output;
  // The method grants 0x1D of 0x1F and says so (bit 4); a UUID it does not know, it says (bit 2).
  EXPECT_NE(output.find("10 00 00 00 1F 00 00 00 1D 00 00 00"), std::string::npos) << output;
  EXPECT_NE(output.find("04 00 00 00 1F 00 00 00 1F 00 00 00"), std::string::npos) << output;
  EXPECT_NE(output.find("Source Index : 00000017"), std::string::npos) << output;
}

}  // namespace
}  // namespace skiff::acpi_test
