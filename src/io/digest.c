/* SPDX-License-Identifier: Apache-2.0 */
#include "io/digest.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

static int
result_of(bool ok)
{
    if (!ok) {
        ERR_clear_error();
    }
    return ok ? 0 : -EIO;
}

int
digest_sha256(struct slice data, uint8_t ret_hash[DIGEST_SHA256_LEN])
{
    return result_of(EVP_Digest(data.ptr, data.len, ret_hash, NULL, EVP_sha256(), NULL) == 1);
}

int
digest_hmac_sha256(struct slice key, struct slice data, uint8_t ret_hash[DIGEST_SHA256_LEN])
{
    return result_of(key.len <= INT_MAX && HMAC(EVP_sha256(), key.ptr, (int)key.len, data.ptr,
                                                data.len, ret_hash, NULL) != NULL);
}

int
digest_pbkdf2_sha256(struct slice password, struct slice salt, uint32_t iterations,
                     uint8_t ret_hash[DIGEST_SHA256_LEN])
{
    return result_of(password.len <= INT_MAX && salt.len <= INT_MAX && iterations <= INT_MAX &&
                     PKCS5_PBKDF2_HMAC((const char *)password.ptr, (int)password.len, salt.ptr,
                                       (int)salt.len, (int)iterations, EVP_sha256(),
                                       DIGEST_SHA256_LEN, ret_hash) == 1);
}

int
digest_md5(struct slice data, uint8_t ret_hash[DIGEST_MD5_LEN])
{
    return result_of(EVP_Digest(data.ptr, data.len, ret_hash, NULL, EVP_md5(), NULL) == 1);
}
