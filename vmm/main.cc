#include "vmm/base/standard_fds.h"
#include "vmm/cli/main_command.h"

int main(int argc, char** argv) {
  skiff::reserve_standard_fds();
  return skiff::main_command(argc, argv);
}
