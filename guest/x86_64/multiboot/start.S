// Entry of a multiboot 1 program (Multiboot Specification 0.6.96): 32-bit protected mode, EAX = 0x2BADB002, EBX = information.

    .section .multiboot, "a"
    .balign 4
    .long 0x1badb002            // magic
    .long 0x3                   // flags: modules page-aligned, memory information wanted
    .long -(0x1badb002 + 0x3)   // checksum

    .text
    .code32
    .globl elf_start
elf_start:
    cli
    cld
    mov $stack_top, %esp
    push %ebx
    push %eax
    call multiboot_main
0:  cli
    hlt
    jmp 0b

    .bss
    .balign 16
    .skip 4096
stack_top:
    .section .note.GNU-stack, "", @progbits
