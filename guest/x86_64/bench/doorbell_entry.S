// The gates of #UD and of a timer while a hypercall is tried.

    .text
    .code64

// doorbell_try_hypercall(by_vmmcall): once, with interrupts on. Sets doorbell_refused where the instruction is
// undefined, or where KVM's emulator puts the right instruction in its place and begins it again, for ever: it does so
// where it interprets that one too. VMCALL and VMMCALL have three bytes each.
    .globl doorbell_try_hypercall
doorbell_try_hypercall:
    mov $1, %eax
    sti
    test %edi, %edi
    jnz by_vmmcall
by_vmcall:
    .byte 0x0f, 0x01, 0xc1
    jmp 1f
by_vmmcall:
    .byte 0x0f, 0x01, 0xd9
1:  cli
    ret

// The gates of #UD and of a timer meanwhile.
    .globl doorbell_refuse_entry
doorbell_refuse_entry:
    cmpq $by_vmcall, (%rsp)
    je 1f
    cmpq $by_vmmcall, (%rsp)
    jne 2f
1:  movl $1, doorbell_refused(%rip)
    addq $3, (%rsp)
2:  iretq

    .bss
    .balign 4
    .globl doorbell_refused
doorbell_refused:
    .skip 4
    .section .note.GNU-stack, "", @progbits
