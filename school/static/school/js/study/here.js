/* What this page knows of its own studying, for the modules that any page loads: null, or
 * {store, sender, close}; close() ends the open stretch and sends what there is. */

export const here = { page: null };
