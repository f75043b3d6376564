// Where every package's tsconfig.json sends the imports of our packages that it does not list:
// this file is not a module, so such an import does not compile. (Through the links in node_modules
// the compiler would find every package, whatever the project references say.)
declare const thisPackageIsNotBelowYours: never;
