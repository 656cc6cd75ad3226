// What a started processor runs: real mode at 0x8000, then straight on to long mode with the first processor's tables, then
// to processor_entry. Copied to 0x8000 by processors.c; absolute addresses above are reached by 32-bit operands.

    .section .rodata
    .code16
    .globl processor_trampoline
processor_trampoline:
    cli
    cld
    xor %ax, %ax
    mov %ax, %ds
    lgdtl pointer - processor_trampoline + 0x8000
    mov %cr0, %eax
    or $1, %eax                 // PE
    mov %eax, %cr0
    ljmpl $0x28, $(protected - processor_trampoline + 0x8000)
pointer:
    .word 0x3f
    .long gdt

    .code32
protected:
    mov $0x10, %eax
    mov %eax, %ds
    mov %cr4, %eax
    or $0x20, %eax              // PAE
    mov %eax, %cr4
    mov $page_map, %eax
    mov %eax, %cr3
    mov $0xc0000080, %ecx       // EFER
    rdmsr
    or $0x100, %eax             // LME
    wrmsr
    mov %cr0, %eax
    or $0x80000000, %eax        // PG
    mov %eax, %cr0
    ljmp $0x08, $processor_long
    .globl processor_trampoline_end
processor_trampoline_end:

    .text
    .code64
processor_long:
    jmp *processor_entry(%rip)

    .globl second_processor_entry
second_processor_entry:
    mov $0x10, %eax
    mov %eax, %es
    mov %eax, %ss
    mov $second_stack_top, %esp
    xor %ebp, %ebp
    movl $1, second_processor_online(%rip)
    call *second_processor_body(%rip)
0:  cli
    hlt
    jmp 0b

    .bss
    .balign 16
    .skip 8192
second_stack_top:
    .globl processor_entry, second_processor_body, second_processor_online
processor_entry:
    .skip 8
second_processor_body:
    .skip 8
second_processor_online:
    .skip 4
    .section .note.GNU-stack, "", @progbits
