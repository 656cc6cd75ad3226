#include "guest/machine/program.h"

#include "guest/machine/end.h"
#include "guest/x86_64/runtime/boot_info.h"
#include "guest/x86_64/runtime/serial.h"

// Called by start.S in long mode.
_Noreturn void start_program(unsigned protocol, uint64_t pointer);

void start_program(unsigned protocol, uint64_t pointer) {
  boot_info_init(protocol, pointer);
  serial_init();
  end_machine((unsigned char)program_main(boot_info.command_line));
}

// The compiler may call these for a copied or cleared structure.
void* memcpy(void* to, const void* from, unsigned long count) {
  void* result = to;
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
  return result;
}

void* memset(void* to, int value, unsigned long count) {
  void* result = to;
  __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(value) : "memory");
  return result;
}
