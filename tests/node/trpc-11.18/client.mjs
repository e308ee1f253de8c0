export * from "@trpc/client";
