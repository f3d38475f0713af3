import { join } from 'node:path';

/**
 * The vendors' own documents. Their terms do not let us keep them in the repository: they stand beside the checkout where
 * they are to be had, or where `VENDOR_SPECS` says.
 */
export const VENDOR_SPECS = process.env['VENDOR_SPECS'] ?? join(import.meta.dirname, '../../../shared/specs');
