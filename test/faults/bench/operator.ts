/** Causeway's command line, with the plain ERP among its connectors. */
import './with-plain-erp.ts';
import '../../../src/main.ts';
