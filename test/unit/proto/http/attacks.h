/* SPDX-License-Identifier: Apache-2.0
 * unit/proto/http/attacks.h - requests that two readers could understand differently, and what is
 * no request at all: the known ways to smuggle one past whoever stands in front.
 *
 * head: none of it may reach an upstream. body: behind CHUNKED_HEAD; nothing behind the flaw may,
 * and no message may end. The status is what slowburn answers. */
#ifndef UNIT_HTTP_ATTACKS_H
#define UNIT_HTTP_ATTACKS_H

#include <stdint.h>

#define CHUNKED_HEAD "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
#define SMUGGLED     "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"

struct attack {
    const char *name;
    const char *text;
    uint16_t status; /* 0: 400 */
};

static const struct attack head_attacks[] = {
    {"repeated length, equal", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
                               "Content-Length: 3\r\n\r\n"},
    {"repeated length, different", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
                                   "Content-Length: 4\r\n\r\n"},
    {"length as a list", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\n"},
    {"length with a sign", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\n"},
    {"negative length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -3\r\n\r\n"},
    {"hexadecimal length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x3\r\n\r\n"},
    {"empty length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n"},
    {"length over 63 bits",
     "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9223372036854775808\r\n\r\n"},
    {"length over 64 bits",
     "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551617\r\n\r\n"},
    {"length and coding", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
                          "Transfer-Encoding: chunked\r\n\r\n"},
    {"coding and length", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                          "Content-Length: 3\r\n\r\n"},
    {"coding twice", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                     "Transfer-Encoding: chunked\r\n\r\n"},
    {"chunked not last", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n"},
    {"chunked twice", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, chunked\r\n\r\n"},
    {"no chunked", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n"},
    {"chunked with a parameter",
     "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked;q=1\r\n\r\n"},
    {"quoted chunked", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \"chunked\"\r\n\r\n"},
    {"empty coding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: , chunked\r\n\r\n"},
    {"vertical tab before chunked",
     "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \vchunked\r\n\r\n"},
    {"coding in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"blank before the colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n"},
    {"tab before the colon", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length\t: 3\r\n\r\n"},
    {"folded line", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n"},
    {"blank before the first field", "GET / HTTP/1.1\r\n Host: x\r\n\r\n"},
    {"bare CR in a value", "GET / HTTP/1.1\r\nHost: x\r\nA: b\rContent-Length: 3\r\n\r\n"},
    {"bare CR at the end", "GET / HTTP/1.1\r\nHost: x\r\r\n\r\n"},
    {"bare LF", "GET / HTTP/1.1\nHost: x\n\n"},
    {"bare LF at the end", "GET / HTTP/1.1\r\nHost: x\r\n\n"},
    {"control character", "GET / HTTP/1.1\r\nHost: x\r\nA: \x01\r\n\r\n"},
    {"delete character", "GET /\x7f HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"no colon", "GET / HTTP/1.1\r\nHost x\r\n\r\n"},
    {"empty name", "GET / HTTP/1.1\r\n: x\r\n\r\n"},
    {"name that is no token", "GET / HTTP/1.1\r\nHost: x\r\nA(b): c\r\n\r\n"},
    {"no host", "GET / HTTP/1.1\r\nA: b\r\n\r\n"},
    {"two hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n"},
    {"host with a blank", "GET / HTTP/1.1\r\nHost: x y\r\n\r\n"},
    {"two blanks in the request line", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"blank in the target", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"blank after the version", "GET / HTTP/1.1 \r\nHost: x\r\n\r\n"},
    {"blank before the method", " GET / HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"no version", "GET /\r\n\r\n"},
    {"preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
    {"version 2", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505},
    {"version 0.9", "GET / HTTP/0.9\r\n\r\n", 505},
    {"version 1.10", "GET / HTTP/1.10\r\nHost: x\r\n\r\n"},
    {"lower case version", "GET / http/1.1\r\nHost: x\r\n\r\n"},
    {"target without a form", "GET abc HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"method that is no token", "G\"T / HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"TLS", "\x16\x03\x01\x02"},
    {"length in two lists", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3,\r\n\r\nabc"},
    {"length with a point", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3.0\r\n\r\nabc"},
    {"length with an inner blank", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1 0\r\n\r\n"},
    {"length with an exponent", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1e1\r\n\r\n"},
    {"length with underscores", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1_0\r\n\r\n"},
    {"length in quotes", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \"3\"\r\n\r\nabc"},
    {"length on a folded line", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n 3\r\n\r\nabc"},
    {"length with a form feed", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \f3\r\n\r\nabc"},
    {"length with a wide blank", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \xc2\xa0"
                                 "3\r\n\r\nabc"},
    {"coding of its own name", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n"},
    {"coding before chunked",
     "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
    {"identity and chunked",
     "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity, chunked\r\n\r\n", 501},
    {"two codings in two lines", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n"
                                 "Transfer-Encoding: chunked\r\n\r\n"},
    {"chunked with a comma", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked,\r\n\r\n"},
    {"coding on a folded line",
     "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n chunked\r\n\r\n"},
    {"coding behind a blank", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n"},
    {"coding behind a line's blank",
     "POST / HTTP/1.1\r\nHost: x\r\n Transfer-Encoding: chunked\r\n\r\n"},
    {"coding behind a bare LF",
     "POST / HTTP/1.1\r\nHost: x\r\nA: b\nTransfer-Encoding: chunked\r\n\r\n"},
    {"coding behind a bare CR",
     "POST / HTTP/1.1\r\nHost: x\r\nA: b\rTransfer-Encoding: chunked\r\n\r\n"},
    {"coding with a vertical tab behind it",
     "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\v\r\n\r\n"},
    {"coding with a long s", "POST / HTTP/1.1\r\nHost: x\r\nTran\xc5\xbf"
                             "fer-Encoding: chunked\r\n\r\n"},
    {"coding in 1.0, with a length",
     "POST / HTTP/1.0\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"name behind a control character",
     "POST / HTTP/1.1\r\nHost: x\r\n\x01Content-Length: 3\r\n\r\nabc"},
    {"length named in Connection",
     "POST / HTTP/1.1\r\nHost: x\r\nConnection: close, Content-Length\r\n"
     "Content-Length: 3\r\n\r\nabc"},
    {"coding named in Connection", "POST / HTTP/1.1\r\nHost: x\r\nConnection: transfer-encoding\r\n"
                                   "Transfer-Encoding: chunked\r\n\r\n"},
    {"host named in Connection", "GET / HTTP/1.1\r\nHost: x\r\nConnection: host\r\n\r\n"},
    {"two hosts, spelt differently", "GET / HTTP/1.1\r\nHost: x\r\nhOST: y\r\n\r\n"},
    {"two hosts in a list", "GET / HTTP/1.1\r\nHost: x, y\r\n\r\n"},
    {"host with a path", "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n"},
    {"host with a user", "GET / HTTP/1.1\r\nHost: x@y\r\n\r\n"},
    {"another host in the target", "GET http://y/a HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"a target without a host", "GET http:///a HTTP/1.1\r\nHost:\r\n\r\n"},
    {"another scheme", "GET ftp://x/a HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"fragment in the target", "GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"star, but not OPTIONS", "GET * HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"CONNECT", "CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n", 405},
    {"another expectation",
     "POST / HTTP/1.1\r\nHost: x\r\nExpect: y 100-continue\r\n"
     "Content-Length: 3\r\n\r\nabc",
     417},
    {"two expectations",
     "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
     "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
     417},
    {"tab in the request line", "GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"tab in the target", "GET /a\tb HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"bare CR in the request line", "GET / HTTP/1.1\rX\r\nHost: x\r\n\r\n"},
    {"bare LF behind the request line", "GET / HTTP/1.1\nHost: x\r\n\r\n"},
    {"empty method", " / HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"long method", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA / HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"only line ends", "\r\n\r\n\r\n"},
};

/* Behind CHUNKED_HEAD. */
static const struct attack body_attacks[] = {
    {"no size", "\r\n" SMUGGLED},
    {"negative size", "-1\r\n" SMUGGLED},
    {"size with a sign", "+0\r\n\r\n" SMUGGLED},
    {"size with 0x", "0x0\r\n\r\n" SMUGGLED},
    {"blank before the size", " 0\r\n\r\n" SMUGGLED},
    {"blank behind the size", "0 \r\n\r\n" SMUGGLED},
    {"size with an underscore", "0_0\r\n\r\n" SMUGGLED},
    {"size that is no number", "0g\r\n\r\n" SMUGGLED},
    {"size over 63 bits", "8000000000000000\r\n" SMUGGLED},
    {"size over 64 bits", "10000000000000000\r\n" SMUGGLED},
    {"size with many zeros", "00000000000000000\r\n\r\n" SMUGGLED},
    {"bare LF behind the size", "0\n\n" SMUGGLED},
    {"bare LF in an extension", "0;a\nb\r\n\r\n" SMUGGLED},
    {"bare CR in an extension", "0;a\rb\r\n\r\n" SMUGGLED},
    {"two CR behind an extension", "0;a\r\r\n\r\n" SMUGGLED},
    {"control character in an extension", "0;\x01\r\n\r\n" SMUGGLED},
    {"bare LF behind a chunk", "3\r\nabc\n0\r\n\r\n" SMUGGLED},
    {"two bytes too many", "3\r\nabcXX0\r\n\r\n" SMUGGLED},
    {"no line end behind a chunk", "3\r\nabc0\r\n\r\n" SMUGGLED},
    {"bare LF as the last line", "0\r\n\n" SMUGGLED},
    {"bare CR as the last line", "0\r\n\rX" SMUGGLED},
    {"trailer without a colon", "0\r\nX\r\n\r\n" SMUGGLED},
    {"trailer with a blank before the colon", "0\r\nX : y\r\n\r\n" SMUGGLED},
    {"folded trailer", "0\r\nX: y\r\n z\r\n\r\n" SMUGGLED},
    {"trailer with a bare LF", "0\r\nX: y\n\r\n" SMUGGLED},
    {"length as a trailer", "0\r\nContent-Length: 40\r\n\r\n" SMUGGLED},
    {"coding as a trailer", "0\r\nA: b\r\ntransfer-ENCODING: chunked\r\n\r\n" SMUGGLED},
    {"host as a trailer", "0\r\nHost: y\r\n\r\n" SMUGGLED},
};

/* Of an upstream: what makes its response none, and is answered with 502. */
static const struct attack bad_responses[] = {
    {"status of two digits", "HTTP/1.1 20 OK\r\n\r\n"},
    {"status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"},
    {"status below 100", "HTTP/1.1 099 X\r\n\r\n"},
    {"version 2", "HTTP/2 200\r\n\r\n"},
    {"empty line first", "\r\nHTTP/1.1 200 OK\r\n\r\n"},
    {"two blanks", "HTTP/1.1  200 OK\r\n\r\n"},
    {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"},
    {"length and coding",
     "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"no status line", "<html>\r\n\r\n"},
    {"two equal lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na"},
    {"length as a list", "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na"},
    {"negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"},
    {"coding behind chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n"},
    {"coding in 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {"folded line", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n"},
    {"bare LF", "HTTP/1.1 200 OK\nA: b\n\n"},
    {"bare CR in a value", "HTTP/1.1 200 OK\r\nA: b\rSet-Cookie: x=y\r\n\r\n"},
    {"control character", "HTTP/1.1 200 OK\r\nA: \x01\r\n\r\n"},
    {"blank before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\na"},
    {"another protocol", "SSH-2.0-OpenSSH_9.2\r\n"},
};

#endif
