/* The `format` files of the tracepoints: of Linux 6.18, and the beginning as of 4.19. */
#pragma once

#define FORMAT_COMMON                                                              \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"     \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"     \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:" \
	"0;\n"                                                                     \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"

static const char format_change[] =
	"name: inet_sock_set_state\nID: 2287\nformat:\n" FORMAT_COMMON
	"\tfield:const void * skaddr;\toffset:8;\tsize:8;\tsigned:0;\n"
	"\tfield:int oldstate;\toffset:16;\tsize:4;\tsigned:1;\n"
	"\tfield:int newstate;\toffset:20;\tsize:4;\tsigned:1;\n"
	"\tfield:__u16 sport;\toffset:24;\tsize:2;\tsigned:0;\n"
	"\tfield:__u16 dport;\toffset:26;\tsize:2;\tsigned:0;\n"
	"\tfield:__u16 family;\toffset:28;\tsize:2;\tsigned:0;\n"
	"\tfield:__u16 protocol;\toffset:30;\tsize:2;\tsigned:0;\n"
	"\tfield:__u8 saddr[4];\toffset:32;\tsize:4;\tsigned:0;\n"
	"\tfield:__u8 daddr[4];\toffset:36;\tsize:4;\tsigned:0;\n"
	"\tfield:__u8 saddr_v6[16];\toffset:40;\tsize:16;\tsigned:0;\n"
	"\tfield:__u8 daddr_v6[16];\toffset:56;\tsize:16;\tsigned:0;\n"
	"\nprint fmt: \"family=%s oldstate=%s\", REC->family, REC->oldstate\n";

static const char format_error[] =
	"name: inet_sk_error_report\nID: 2286\nformat:\n" FORMAT_COMMON
	"\tfield:int error;\toffset:8;\tsize:4;\tsigned:1;\n"
	"\tfield:__u16 sport;\toffset:12;\tsize:2;\tsigned:0;\n"
	"\tfield:__u16 dport;\toffset:14;\tsize:2;\tsigned:0;\n"
	"\tfield:__u16 family;\toffset:16;\tsize:2;\tsigned:0;\n"
	"\tfield:__u16 protocol;\toffset:18;\tsize:2;\tsigned:0;\n"
	"\tfield:__u8 saddr[4];\toffset:20;\tsize:4;\tsigned:0;\n"
	"\tfield:__u8 daddr[4];\toffset:24;\tsize:4;\tsigned:0;\n"
	"\tfield:__u8 saddr_v6[16];\toffset:28;\tsize:16;\tsigned:0;\n"
	"\tfield:__u8 daddr_v6[16];\toffset:44;\tsize:16;\tsigned:0;\n";

/* `protocol` is shorter there, and what follows stands elsewhere. */
__attribute__((unused)) static const char format_change_older[] = FORMAT_COMMON
	"\tfield:const void * skaddr;\toffset:8;\tsize:8;\tsigned:0;\n"
	"\tfield:int oldstate;\toffset:16;\tsize:4;\tsigned:1;\n"
	"\tfield:int newstate;\toffset:20;\tsize:4;\tsigned:1;\n"
	"\tfield:__u16 sport;\toffset:24;\tsize:2;\tsigned:0;\n"
	"\tfield:__u16 dport;\toffset:26;\tsize:2;\tsigned:0;\n"
	"\tfield:__u16 family;\toffset:28;\tsize:2;\tsigned:0;\n"
	"\tfield:__u8 protocol;\toffset:30;\tsize:1;\tsigned:0;\n"
	"\tfield:__u8 saddr[4];\toffset:31;\tsize:4;\tsigned:0;\n"
	"\tfield:__u8 daddr[4];\toffset:35;\tsize:4;\tsigned:0;\n"
	"\tfield:__u8 saddr_v6[16];\toffset:39;\tsize:16;\tsigned:0;\n"
	"\tfield:__u8 daddr_v6[16];\toffset:55;\tsize:16;\tsigned:0;\n";
